import { ProtocolError } from '../core/errors.js'
import type { MessageType } from './messages.js'

/** The largest message that either side accepts, in bytes, without its length. */
export const MAX_MESSAGE_BYTES = 64 * 1024

const MAX_LENGTH_BYTES = 3

/** `message` behind its length as a varint. Throws ProtocolError(UR_PROTOCOL_TOO_LARGE) above 64 KiB. */
export function encodeDelimited<ToSend>(type: MessageType<unknown, ToSend>, message: ToSend): Buffer {
  const body = type.encode(message)
  if (body.length > MAX_MESSAGE_BYTES) throw tooLarge(type.name, body.length, MAX_MESSAGE_BYTES)
  const lengthBytes = body.length < 0x80 ? 1 : body.length < 0x4000 ? 2 : 3
  const out = Buffer.allocUnsafe(lengthBytes + body.length)
  let rest = body.length
  for (let i = 0; i < lengthBytes - 1; i++) {
    out[i] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  out[lengthBytes - 1] = rest
  out.set(body, lengthBytes)
  return out
}

/** The message in `bytes` (without a length). Throws ProtocolError(UR_PROTOCOL_MESSAGE) when it is none. */
export function decodeMessage<Received>(type: MessageType<Received, never>, bytes: Uint8Array): Received {
  try {
    return type.decode(bytes)
  } catch (error) {
    throw new ProtocolError(
      'UR_PROTOCOL_MESSAGE',
      `A ${type.name} message of ${bytes.length} bytes could not be read: ` +
        `${error instanceof Error ? error.message : String(error)}. Update the older of the two sides.`,
      { cause: error },
    )
  }
}

/**
 * Cuts a byte stream into length-delimited messages. Pure: no socket, no timer.
 * Memory is bounded by one message and the chunk pushed last; a message inside one chunk is not copied.
 * Call `next` until it returns null after every `push`.
 */
export class DelimitedReader {
  readonly #name: string
  readonly #limit: number
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0
  #end = 0
  #owned = false

  /** `name` stands in errors; `limit` is the largest body in bytes. */
  constructor(name: string, limit: number = MAX_MESSAGE_BYTES) {
    this.#name = name
    this.#limit = limit
  }

  /** Takes the next bytes. `chunk` must not be overwritten by the caller before `next` has returned null. */
  push(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#bytes = chunk
      this.#start = 0
      this.#end = chunk.length
      this.#owned = false
      return
    }
    this.#reserve(chunk.length)
    chunk.copy(this.#bytes, this.#end)
    this.#end += chunk.length
  }

  /**
   * The body of the next whole message, or null when more bytes are needed.
   * Throws ProtocolError: UR_PROTOCOL_TOO_LARGE above the limit, UR_PROTOCOL_MESSAGE for a length that is no varint.
   */
  next(): Buffer | null {
    let length = 0
    for (let i = 0; ; i++) {
      if (i === MAX_LENGTH_BYTES) {
        throw new ProtocolError(
          'UR_PROTOCOL_MESSAGE',
          `The length of a ${this.#name} message is longer than ${MAX_LENGTH_BYTES} bytes: the other end does not ` +
            'speak this protocol, or is broken.',
        )
      }
      if (this.#start + i >= this.#end) return this.#wait()
      const byte = this.#bytes[this.#start + i] as number
      length |= (byte & 0x7f) << (7 * i)
      if (byte >= 0x80) continue
      if (length > this.#limit) throw tooLarge(this.#name, length, this.#limit)
      const body = this.#start + i + 1
      if (body + length > this.#end) return this.#wait()
      this.#start = body + length
      return this.#bytes.subarray(body, this.#start)
    }
  }

  /** Bytes that are here and belong to no message that was returned. */
  get buffered(): number {
    return this.#end - this.#start
  }

  /** Takes away the bytes behind the last message, not copied. The reader is empty afterwards. */
  takeRest(): Buffer {
    const rest = this.#bytes.subarray(this.#start, this.#end)
    this.#start = this.#end
    return rest
  }

  #wait(): null {
    if (this.#start < this.#end) this.#reserve(0)
    return null
  }

  /** Moves what waits into memory of our own, so that it does not pin the chunk, with room for `more` bytes. */
  #reserve(more: number): void {
    const waiting = this.#end - this.#start
    if (this.#owned && this.#end + more <= this.#bytes.length) return
    const own = Buffer.allocUnsafeSlow(Math.max(64, waiting + more, this.#owned ? 2 * waiting : 0))
    this.#bytes.copy(own, 0, this.#start, this.#end)
    this.#bytes = own
    this.#start = 0
    this.#end = waiting
    this.#owned = true
  }
}

function tooLarge(name: string, length: number, limit: number): ProtocolError {
  return new ProtocolError(
    'UR_PROTOCOL_TOO_LARGE',
    `A ${name} message has ${length} bytes; at most ${limit} are allowed.`,
  )
}
