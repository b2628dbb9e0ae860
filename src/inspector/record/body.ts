import { bufferCost } from '../cost.js'
import type { Message } from '../exchange.js'
import { messageDecoder } from '../grpc/message-coding.js'
import type { Redactor } from '../redact/index.js'
import { decodeBody } from './codings.js'
import { withPlainMessages } from './grpc-body.js'
import type { InflationBudget } from './inflation-budget.js'

/** A body may be so many times what is kept of it when it is decoded, to be searched for secrets. */
const DECODED_TIMES = 8
/** What is cut is cut in front of the word that the cut goes through, if that is not longer: it may be half a secret. */
const LONGEST_WORD = 4_096

/** Collects the first bytes of a body until it is over; they are not seen before secrets are taken out of them. */
export class BodyKeeper {
  #limit: number
  #held: Buffer | null = null
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** There is room for more. */
  get wants(): boolean {
    return this.#bytes < this.#limit
  }

  /** Memory that is taken, bytes. */
  get cost(): number {
    return this.#held === null ? 0 : bufferCost(this.#held.length)
  }

  /** Copies what there is room for. */
  push(bytes: Buffer): void {
    const length = Math.min(bytes.length, this.#limit - this.#bytes)
    if (length === 0) return
    const needed = this.#bytes + length
    if (this.#held === null || needed > this.#held.length) {
      const room = Math.min(this.#limit, this.#held === null ? needed : 2 * needed)
      const larger = Buffer.allocUnsafeSlow(room)
      this.#held?.copy(larger, 0, 0, this.#bytes)
      this.#held = larger
    }
    bytes.copy(this.#held, this.#bytes, 0, length)
    this.#bytes = needed
  }

  /** Keeps nothing more: bytes were missed, and what comes now does not belong behind what is here. */
  close(): void {
    this.#limit = this.#bytes
  }

  /** Lets go of what was collected. */
  drop(): void {
    this.#held = null
  }

  /**
   * Puts what was collected into `message`, whose `bytes` and `codings` are known, without secrets. `whole`: the body came
   * to its end, at this time. Returns the decoded bytes before that; null: there are none.
   */
  finish(
    message: Message,
    mediaType: string,
    whole: boolean,
    redactor: Redactor,
    inflation: InflationBudget,
    atMs: number,
  ): Buffer | null {
    const raw = this.#take()
    const isCut = !whole || message.bytes > (raw?.length ?? 0)
    message.truncated = isCut
    if (raw === null) return null
    const decoded = mediaType.startsWith('application/grpc')
      ? this.#plainMessages(raw, message, inflation, atMs)
      : this.#decode(raw, message, inflation, atMs)
    if (decoded === null) {
      message.truncated = true
      return null
    }
    const { bytes, isPart } = decoded
    const isBeginning = isCut || isPart
    const plain = isBeginning ? withoutLastWord(bytes) : bytes
    const redacted = redactor.body(plain, mediaType)
    message.redacted = redacted !== plain
    // What is cut is cut at a word, for which it has to be decoded too.
    if (message.codings.length > 0 && !isBeginning && !message.redacted) message.body.push(raw)
    else {
      message.codings = []
      message.truncated ||= isPart || redacted.length > this.#limit
      keep(message, redacted.subarray(0, this.#limit))
    }
    return bytes
  }

  #take(): Buffer | null {
    const held = this.#held
    this.#held = null
    if (held === null) return null
    return this.#bytes === held.length ? held : ofItsOwn(held.subarray(0, this.#bytes))
  }

  #plainMessages(raw: Buffer, message: Message, inflation: InflationBudget, atMs: number): DecodedBody {
    const coding = message.fields.find(({ name }) => name.toLowerCase() === 'grpc-encoding')?.value ?? ''
    const decoder = messageDecoder(coding)
    return withPlainMessages(raw, (payload) => {
      if (decoder === null) return null
      const most = DECODED_TIMES * this.#limit
      const made = inflation.inflate(
        payload.length,
        most,
        atMs,
        (max) => decoder(payload, max),
        ({ length }) => length,
      )
      return made.kind === 'decoded' ? made.value : null
    })
  }

  #decode(raw: Buffer, message: Message, inflation: InflationBudget, atMs: number): DecodedBody | null {
    if (message.codings.length === 0) return { bytes: raw, isPart: false }
    const most = DECODED_TIMES * this.#limit
    const decoded = decodeBody(raw, message.codings, most, inflation, atMs)
    switch (decoded.kind) {
      case 'decoded': {
        const { bytes, broken, hasMore } = decoded
        if (broken !== null) message.problem = `its ${broken} is broken: only what could be decoded of it is kept`
        else if (hasMore) message.problem = 'what stands behind its end, and is not of its coding, is not kept'
        return { bytes, isPart: broken !== null || hasMore }
      }
      case 'plain':
        message.problem = `it is no valid ${decoded.coding}, though its Content-Encoding says so`
        message.codings = []
        return { bytes: raw, isPart: false }
      case 'invalid':
        message.problem = `it is not kept: secrets in it cannot be found, as it is no valid ${decoded.coding}`
        return null
      case 'unknown':
        message.problem = `it is not kept: secrets in it cannot be found, as its coding is ${decoded.coding}`
        return null
      case 'too-much':
        message.problem = 'it is not kept: secrets in it cannot be found, as too much was to be decompressed at once'
        return null
      case 'too-large':
        message.problem = `it is not kept: secrets in it cannot be found, as it is larger than ${most} bytes when decoded`
        return null
    }
  }
}

interface DecodedBody {
  readonly bytes: Buffer
  /** There was more of it. */
  readonly isPart: boolean
}

function keep(message: Message, bytes: Buffer): void {
  if (bytes.length > 0) message.body.push(bytes.length === bytes.buffer.byteLength ? bytes : ofItsOwn(bytes))
}

/** A copy that holds no other memory. */
export function ofItsOwn(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}

/** The first bytes of a text, without the word that it ends in, of which the rest is missing. */
export function withoutLastWord(bytes: Buffer): Buffer {
  let end = bytes.length
  const earliest = Math.max(0, end - LONGEST_WORD)
  while (end > earliest && isWordByte(bytes[end - 1]!)) end--
  return bytes.subarray(0, end)
}

/** Of tokens, base64, and what is percent-encoded. */
function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    WORD_PUNCTUATION.includes(byte)
  )
}

const WORD_PUNCTUATION = Buffer.from('_-.~+/=%')
