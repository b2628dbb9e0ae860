import { ErrorCode, Flag, FRAME_HEAD, FrameType, HpackDecoder, PREFACE, Setting } from '../../src/http2/index.js'
import type { RawFrame } from './raw-http2.js'

const { DATA, HEADERS, CONTINUATION, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE } = FrameType
const INITIAL_WINDOW = 65_535
const TABLE_SIZE = 4_096
const LARGEST_FRAME = 16_384
/** Streams whose end we remember; older ones may be reset again. */
const REMEMBERED = 256

/** What came on a stream. */
interface Sent {
  data: Buffer[]
  ended: boolean
}

/** What was answered on a stream. */
interface Answered {
  /** The fields of its heads and trailers. */
  readonly heads: string[]
  bytes: number
  final: boolean
  ended: boolean
  reset: number | null
}

/**
 * Keeps account of a connection from outside: what a visitor sent, what he allows by that, and whether what is answered
 * keeps to it. It takes his frames for what they say, whether or not they may stand where they do.
 */
export class Http2Ledger {
  readonly sent = new Map<number, Sent>()
  readonly answered = new Map<number, Answered>()
  /** Error code of the last GOAWAY; null: none came. */
  goaway: number | null = null
  /** The window of each stream, at most, and of the connection. */
  #initial = INITIAL_WINDOW
  #widest = INITIAL_WINDOW
  readonly #more = new Map<number, number>()
  #dataBytes = 0
  /** Sizes of the table since the last block. */
  #tableSizes: number[] = []
  #tableSize = TABLE_SIZE
  #pings = 0
  #settings = 0
  #lastStream = Infinity
  readonly #decoder = new HpackDecoder()
  #frames = 0
  #largest = 0
  /** A field block that is not whole. */
  #block: { stream: number; end: boolean; bytes: Buffer } | null = null

  /** The visitor sends a frame. */
  takeSent({ type, flags, stream, payload }: RawFrame): void {
    const sent = this.sent.get(stream)
    if (type === HEADERS) this.#largest = Math.max(this.#largest, stream)
    if (type === HEADERS && sent === undefined) {
      this.sent.set(stream, { data: [], ended: (flags & Flag.END_STREAM) !== 0 })
    } else if ((type === HEADERS || type === DATA) && sent !== undefined && !sent.ended) {
      if (type === DATA) sent.data.push(withoutPadding(flags, payload))
      sent.ended = (flags & Flag.END_STREAM) !== 0
    } else if (type === WINDOW_UPDATE && payload.length === 4) {
      this.#more.set(stream, (this.#more.get(stream) ?? 0) + (payload.readUInt32BE(0) & 0x7fffffff))
    } else if (type === PING && (flags & Flag.ACK) === 0) this.#pings++
    else if (type === SETTINGS && (flags & Flag.ACK) === 0 && payload.length % 6 === 0) this.#takeSettings(payload)
  }

  #takeSettings(payload: Buffer): void {
    this.#settings++
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2)
      if (payload.readUInt16BE(at) === Setting.INITIAL_WINDOW_SIZE) this.#initial = value
      if (payload.readUInt16BE(at) === Setting.HEADER_TABLE_SIZE) this.#tableSizes.push(value)
    }
    this.#widest = Math.max(this.#widest, this.#initial)
  }

  /**
   * Takes what was answered, whole frames. `exactly`: all that the visitor sent until now was known when it was written;
   * otherwise his windows count as they were at their widest. Throws where it does not keep to the rules.
   */
  takeAnswered(bytes: Buffer, exactly: boolean): void {
    const { frames, rest } = framesOf(bytes)
    if (rest.length > 0) throw new Error('the last frame is not whole')
    for (const frame of frames) this.#takeAnswered(frame, exactly)
  }

  #takeAnswered(frame: RawFrame, exactly: boolean): void {
    const { type, flags, stream, payload } = frame
    const must = (holds: boolean, what: string): void => {
      if (!holds) throw new Error(`${what}: a frame of type ${type}, flags ${flags}, stream ${stream}`)
    }
    must(payload.length <= LARGEST_FRAME, 'it is too large')
    must(this.#frames++ > 0 || (type === SETTINGS && (flags & Flag.ACK) === 0), 'SETTINGS come first')
    must((this.#block === null) === (type !== CONTINUATION), 'a field block is not interrupted')
    switch (type) {
      case HEADERS:
      case CONTINUATION:
        must(stream === (this.#block?.stream ?? stream), 'a field block is of one stream')
        return this.#takeFields(frame, exactly, must)
      case DATA:
        return this.#takeData(frame, exactly, must)
      case RST_STREAM: {
        const answered = this.#answeredOn(stream, must)
        must(answered.reset === null || this.sent.size > REMEMBERED, 'a stream is reset once')
        answered.reset = payload.readUInt32BE(0)
        return must(payload.length === 4, 'it has its size')
      }
      case SETTINGS:
        if (flags & Flag.ACK) must(stream === 0 && --this.#settings >= 0, 'SETTINGS are answered once')
        else must(stream === 0 && payload.length % 6 === 0, 'it is not cut')
        return
      case PING:
        if (flags & Flag.ACK) must(--this.#pings >= 0, 'PING is answered once')
        return must(stream === 0 && payload.length === 8, 'it has its size')
      case GOAWAY: {
        const last = payload.readUInt32BE(0)
        must(stream === 0 && last <= this.#lastStream, 'the last stream is no later one')
        this.#lastStream = last
        this.goaway = payload.readUInt32BE(4)
        return must(this.goaway !== ErrorCode.INTERNAL_ERROR, 'nothing is our fault')
      }
      case WINDOW_UPDATE: {
        const opened = stream === 0 || this.#answeredOn(stream, must).reset === null
        return must(opened && payload.length === 4 && payload.readUInt32BE(0) > 0, 'it says something')
      }
      default:
        must(false, 'we do not send it')
    }
  }

  #takeFields({ type, flags, stream, payload }: RawFrame, exactly: boolean, must: Must): void {
    if (type === HEADERS) {
      const end = (flags & Flag.END_STREAM) !== 0
      this.#block = { stream, end, bytes: payload }
    } else this.#block!.bytes = Buffer.concat([this.#block!.bytes, payload])
    if ((flags & Flag.END_HEADERS) === 0) return
    const { end, bytes } = this.#block!
    this.#block = null
    if (exactly) this.#expectSizes(bytes, must)
    const fields = this.#decoder.decode(bytes, 0, bytes.length, Infinity)!
    const answered = this.#answeredOn(stream, must)
    must(!answered.ended && answered.reset === null, 'the stream is over')
    for (const [i, [name, value]] of fields.entries()) {
      const isStatus = name === ':status' && i === 0 && !answered.final
      must(isStatus || /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name), `the name ${name}`)
      must(!/[\r\n\0]/.test(value), `the value of ${name}`)
    }
    const status = fields[0]?.[0] === ':status' ? Number(fields[0][1]) : null
    must((status !== null) !== answered.final, 'one head, and then trailers')
    must(status === null ? end : !end || status >= 200, 'an interim answer is not the last, trailers are')
    if (status === null || status >= 200) answered.final = true
    answered.heads.push(fields.map(([name, value]) => `${name}: ${name === 'date' ? '' : value}`).join('\n'))
    answered.ended = end
  }

  /** RFC 7541 §4.2: the smallest size since the last block is told in front of it, then the one that holds. */
  #expectSizes(block: Buffer, must: Must): void {
    const told = sizesOf(block)
    const wanted = this.#tableSizes.map((size) => Math.min(size, TABLE_SIZE))
    const smallest = Math.min(...wanted, this.#tableSize)
    const last = wanted.at(-1) ?? this.#tableSize
    if (smallest < this.#tableSize) must(told[0] === smallest, `the table had ${smallest} bytes in between`)
    if (last !== this.#tableSize) must(told.at(-1) === last, `the table has ${last} bytes`)
    this.#tableSize = told.at(-1) ?? this.#tableSize
    this.#tableSizes = []
  }

  #takeData({ flags, stream, payload }: RawFrame, exactly: boolean, must: Must): void {
    const answered = this.#answeredOn(stream, must)
    must(answered.final && !answered.ended && answered.reset === null, 'the stream takes no DATA')
    answered.bytes += payload.length
    answered.ended = (flags & Flag.END_STREAM) !== 0
    this.#dataBytes += payload.length
    if (payload.length === 0) return
    const window = (exactly ? this.#initial : this.#widest) + (this.#more.get(stream) ?? 0)
    must(answered.bytes <= window, `${answered.bytes} bytes where the window is ${window}`)
    const whole = INITIAL_WINDOW + (this.#more.get(0) ?? 0)
    must(this.#dataBytes <= whole, `${this.#dataBytes} bytes of all where the window is ${whole}`)
  }

  #answeredOn(stream: number, must: Must): Answered {
    // One that was passed over is closed as well, and what comes of it is answered so (RFC 9113 §5.1.1).
    must(stream % 2 === 1 && stream <= this.#largest, 'nothing was asked on the stream')
    let answered = this.answered.get(stream)
    if (answered === undefined) {
      answered = { heads: [], bytes: 0, final: false, ended: false, reset: null }
      this.answered.set(stream, answered)
    }
    return answered
  }
}

type Must = (holds: boolean, what: string) => void

/** Frames behind a preface, or without one, and what is left over. */
export function framesOf(bytes: Buffer): { frames: RawFrame[]; rest: Buffer } {
  const frames: RawFrame[] = []
  let at = bytes.subarray(0, PREFACE.length).equals(PREFACE) ? PREFACE.length : 0
  while (at + FRAME_HEAD <= bytes.length) {
    const end = at + FRAME_HEAD + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff
    frames.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, stream, payload: bytes.subarray(at + FRAME_HEAD, end) })
    at = end
  }
  return { frames, rest: bytes.subarray(at) }
}

function withoutPadding(flags: number, payload: Buffer): Buffer {
  if ((flags & Flag.PADDED) === 0) return payload
  return payload.subarray(1, Math.max(1, payload.length - (payload[0] ?? 0)))
}

/** Sizes of the table that a block begins with (RFC 7541 §6.3). */
function sizesOf(block: Buffer): number[] {
  const sizes: number[] = []
  for (let at = 0; (block[at]! & 0xe0) === 0x20;) {
    let size = block[at++]! & 0x1f
    if (size === 0x1f) {
      for (let shift = 0, octet = 0x80; octet >= 0x80; shift += 7) {
        octet = block[at++]!
        size += (octet & 0x7f) * 2 ** shift
      }
    }
    sizes.push(size)
  }
  return sizes
}
