import protobuf from 'protobufjs'

/** Deeper messages in messages are shown as bytes. */
const DEEPEST = 16
/** Fields of one message; what looks like more is hardly one. */
const MOST_FIELDS = 10_000

type Guess = string | number | Guessed
interface Guessed {
  [number: string]: Guess | Guess[]
}

/**
 * A protobuf message of unknown type as JSON text: field numbers for names, and for values what the wire shows: numbers,
 * text, messages, or `hex:…`. Null: the bytes are no message.
 */
export function guessMessage(payload: Buffer): string | null {
  const guessed = guess(payload, 0)
  return guessed === null ? null : JSON.stringify(guessed, null, 2)
}

function guess(bytes: Uint8Array, depth: number): Guessed | null {
  const reader = protobuf.Reader.create(bytes)
  const fields: Guessed = {}
  try {
    for (let count = 0; reader.pos < reader.len; count++) {
      const tag = reader.uint32()
      const value = count > MOST_FIELDS || tag < 8 ? null : valueOf(reader, tag & 7, depth)
      if (value === null) return null
      const number = String(tag >>> 3)
      const before = fields[number]
      if (before === undefined) fields[number] = value
      else if (Array.isArray(before)) before.push(value)
      else fields[number] = [before, value]
    }
  } catch {
    return null
  }
  return fields
}

function valueOf(reader: protobuf.Reader, wireType: number, depth: number): Guess | null {
  switch (wireType) {
    case 0:
      return integer(BigInt(`${reader.uint64() as unknown as string | number}`))
    case 1:
      return reader.double()
    case 2:
      return textOrMessage(Buffer.from(reader.bytes()), depth)
    case 5:
      return reader.float()
    default:
      return null
  }
}

function integer(value: bigint): string | number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}

function textOrMessage(bytes: Buffer, depth: number): Guess {
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(bytes) && !/[\p{Cc}\p{Cn}]/u.test(text.replaceAll(/[\t\n\r]/g, ''))
  if (isText) return text
  const message = depth < DEEPEST ? guess(bytes, depth + 1) : null
  return message ?? `hex:${bytes.toString('hex')}`
}
