import type { Duplex } from 'node:stream'
import { within } from './hang.js'

/** Types of frames (RFC 9113 §6). */
export const DATA = 0
export const HEADERS = 1
export const PRIORITY = 2
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const CONTINUATION = 9

/** Flags of frames. */
export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4

/** Error codes (RFC 9113 §7). */
export const NO_ERROR = 0
export const PROTOCOL_ERROR = 1
export const INTERNAL_ERROR = 2
export const STREAM_CLOSED = 5
export const REFUSED_STREAM = 7
export const ENHANCE_YOUR_CALM = 11

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const HEAD = 9
/** SETTINGS_HEADER_TABLE_SIZE: 0, so that every header block can be read by itself. */
const NO_TABLE = Buffer.from([0, 1, 0, 0, 0, 0])

export type Field = readonly [name: string, value: string]

/** A frame as it came. */
export interface RawFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** What became of a stream. */
export interface Outcome {
  /** Statuses of all its answers, interim ones too. */
  readonly statuses: readonly number[]
  readonly body: string
  /** Error code of RST_STREAM; null: none came. */
  readonly reset: number | null
  /** Error code of GOAWAY; null: none came. */
  readonly goaway: number | null
}

/** One frame, whatever it says. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A number of four bytes, as RST_STREAM and WINDOW_UPDATE have it. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Fields as HPACK literals without indexing (RFC 7541 §6.2.2), in latin1, whatever stands in them. */
export function hpack(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]))
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const length: number[] = []
  let rest = bytes.length - 127
  if (rest < 0) length.push(bytes.length)
  else {
    length.push(127)
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
    length.push(rest)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

/** A visitor who speaks HTTP/2 frame by frame, and whatever a test wants him to say. He reads all that comes. */
export class RawHttp2 {
  readonly socket: Duplex
  readonly frames: RawFrame[] = []
  closed = false
  answersPings = true
  #buffer: Buffer = Buffer.alloc(0)
  readonly #looks = new Set<() => void>()

  /** `settings`: payload of its SETTINGS, besides the one that every header block can be read by itself. */
  constructor(socket: Duplex, settings: Buffer = Buffer.alloc(0)) {
    this.socket = socket
    this.socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    this.socket.once('close', () => {
      this.closed = true
      for (const look of this.#looks) look()
    })
    this.write(Buffer.from(PREFACE), frame(SETTINGS, 0, 0, Buffer.concat([NO_TABLE, settings])))
  }

  /** False: the socket wants to be waited for. */
  write(...frames: readonly Buffer[]): boolean {
    return this.socket.write(Buffer.concat(frames))
  }

  /** Resolves when there is room again, or never will be. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        this.socket.off('drain', over).off('close', over)
        resolve()
      }
      this.socket.on('drain', over).on('close', over)
      if (this.closed) over()
    })
  }

  /** Sends a header section in one HEADERS frame. */
  headers(stream: number, fields: readonly Field[], flags = END_HEADERS | END_STREAM): void {
    this.write(frame(HEADERS, flags, stream, hpack(fields)))
  }

  /** Resolves with what `look` answers as soon as that is something, with every frame that comes and at the end. */
  until<T>(what: string, look: () => T | undefined): Promise<T> {
    const found = new Promise<T>((resolve) => {
      const attempt = (): void => {
        const result = look()
        if (result === undefined) return
        this.#looks.delete(attempt)
        resolve(result)
      }
      this.#looks.add(attempt)
      attempt()
    })
    return within(what, found)
  }

  /** Resolves when the server's SETTINGS have come, and were answered. */
  async settled(): Promise<void> {
    await this.until('SETTINGS', () => (this.frames.some(({ type }) => type === SETTINGS) ? true : undefined))
  }

  /** What became of a stream, once it is over, or the connection failed. */
  outcome(stream: number): Promise<Outcome> {
    return this.until(`the end of stream ${stream}`, () => {
      const own = this.frames.filter((each) => each.stream === stream)
      const ended = own.some(({ type, flags }) => (type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0)
      const reset = own.find(({ type }) => type === RST_STREAM)?.payload.readUInt32BE(0) ?? null
      const failed = this.closed || (this.goaway ?? NO_ERROR) !== NO_ERROR
      if (!ended && reset === null && !failed) return undefined
      const body = own.filter(({ type }) => type === DATA).map(({ payload }) => payload.toString('latin1'))
      const statuses = own.filter(({ type }) => type === HEADERS).map(({ payload }) => statusOf(payload))
      return {
        statuses: statuses.filter((status) => status !== null),
        body: body.join(''),
        reset,
        goaway: this.goaway,
      }
    })
  }

  /** Resolves with the error code of its RST_STREAM. */
  resetOf(stream: number): Promise<number> {
    const found = () => this.frames.find((each) => each.stream === stream && each.type === RST_STREAM)
    return this.until(`the reset of stream ${stream}`, () => found()?.payload.readUInt32BE(0))
  }

  /** Error code of the GOAWAY that came first; null: none came. */
  get goaway(): number | null {
    return this.frames.find(({ type }) => type === GOAWAY)?.payload.readUInt32BE(4) ?? null
  }

  /** Resolves with the error code of its GOAWAY, when the server has closed the connection. */
  ended(): Promise<number | null> {
    return this.until('the end of the connection', () => (this.closed ? this.goaway : undefined))
  }

  #onData(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    for (;;) {
      const length = this.#buffer.length < HEAD ? Infinity : HEAD + this.#buffer.readUIntBE(0, 3)
      if (this.#buffer.length < length) break
      const [, , , type = 0, flags = 0] = this.#buffer
      const stream = this.#buffer.readUInt32BE(5) & 0x7fffffff
      const payload = this.#buffer.subarray(HEAD, length)
      this.frames.push({ type, flags, stream, payload })
      this.#buffer = this.#buffer.subarray(length)
      if ((flags & ACK) !== 0) continue
      if (type === SETTINGS) this.write(frame(SETTINGS, ACK, 0))
      if (type === PING && this.answersPings) this.write(frame(PING, ACK, 0, payload))
    }
    for (const look of this.#looks) look()
  }
}

/** Statuses that HPACK has in its table (RFC 7541 Appendix A), from 8 on. */
const STATUSES = [200, 204, 206, 304, 400, 404, 500]
/** Codes of the digits (RFC 7541 Appendix B). */
const DIGITS = ['00000', '00001', '00010', '011001', '011010', '011011', '011100', '011101', '011110', '011111']

/** The `:status` with which a header block begins; null: it begins with another field, as trailers do. */
function statusOf(block: Buffer): number | null {
  let at = 0
  // Updates of the size of the table come first.
  while ((block[at]! & 0xe0) === 0x20) at++
  const first = block[at]!
  if (first >= 0x88 && first <= 0x8e) return STATUSES[first - 0x88]!
  if ((first & 0x0f) !== 8 || first > 0x4e) return null
  const length = block[at + 1]! & 0x7f
  const value = block.subarray(at + 2, at + 2 + length)
  if ((block[at + 1]! & 0x80) === 0) return Number(value.toString('latin1'))
  let bits = [...value].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  for (;;) {
    const digit = DIGITS.findIndex((code) => bits.startsWith(code))
    if (digit < 0 || bits.length < 5) return Number(digits)
    digits += String(digit)
    bits = bits.slice(DIGITS[digit]!.length)
  }
}
