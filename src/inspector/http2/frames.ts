import { Flag, FRAME_HEAD, FrameType, PREFACE } from '../../http2/index.js'

/** Told of what a direction carries. Buffers are valid only during the call. */
export interface FrameEvents {
  /** A whole field block: HEADERS (or PUSH_PROMISE) with its CONTINUATIONs. */
  block(type: number, stream: number, block: Buffer, endStream: boolean): void
  /** A part of a stream's data, without padding. */
  data(stream: number, bytes: Buffer): void
  /** The stream's last DATA frame is over. */
  endStream(stream: number): void
  reset(stream: number, errorCode: number): void
  /** One setting of a SETTINGS frame. */
  setting(id: number, value: number): void
}

/** Bytes that are no HTTP/2. */
export class FrameError extends Error {}

/** Of a field block with its continuations, and of any frame that is read whole. */
const LARGEST_WHOLE = 1024 * 1024
const EMPTY = Buffer.alloc(0)

/**
 * Reads one direction of an HTTP/2 connection (RFC 9113 §4), in any pieces. DATA passes through; what has to be whole
 * is gathered, within bounds.
 */
export class FrameReader {
  readonly #events: FrameEvents
  #preface: number
  readonly #head = Buffer.alloc(FRAME_HEAD)
  #headBytes = 0
  #type = 0
  #flags = 0
  #stream = 0
  /** Of the frame's payload, not read yet. */
  #left = 0
  /** Of DATA: padding at the end; -1: its length has not come. */
  #padding = 0
  #whole: Buffer[] = []
  #block: { type: number; stream: number; endStream: boolean; parts: Buffer[]; bytes: number } | null = null

  /** @param client the direction begins with the connection preface */
  constructor(client: boolean, events: FrameEvents) {
    this.#preface = client ? 0 : PREFACE.length
    this.#events = events
  }

  /** Throws FrameError, and what the events throw; nothing can be read after that. */
  push(bytes: Buffer): void {
    let at = this.#skipPreface(bytes)
    while (at < bytes.length) {
      if (this.#headBytes < FRAME_HEAD) {
        const taken = bytes.copy(this.#head, this.#headBytes, at, at + FRAME_HEAD - this.#headBytes)
        this.#headBytes += taken
        at += taken
        if (this.#headBytes === FRAME_HEAD) this.#onHead()
        continue
      }
      const end = Math.min(bytes.length, at + this.#left)
      this.#onPayload(bytes.subarray(at, end))
      this.#left -= end - at
      at = end
      if (this.#left === 0) this.#onEnd()
    }
  }

  #skipPreface(bytes: Buffer): number {
    if (this.#preface === PREFACE.length) return 0
    const end = Math.min(bytes.length, PREFACE.length - this.#preface)
    if (bytes.compare(PREFACE, this.#preface, this.#preface + end, 0, end) !== 0) {
      throw new FrameError('the connection preface of HTTP/2 is missing')
    }
    this.#preface += end
    return end
  }

  #onHead(): void {
    this.#left = this.#head.readUIntBE(0, 3)
    this.#type = this.#head[3]!
    this.#flags = this.#head[4]!
    this.#stream = this.#head.readUInt32BE(5) & 0x7fffffff
    this.#padding = this.#type === FrameType.DATA && this.#flags & Flag.PADDED ? -1 : 0
    this.#whole = []
    if (this.#block !== null && this.#type !== FrameType.CONTINUATION) {
      throw new FrameError('a field block is broken off by another frame')
    }
    if (isWhole(this.#type) && this.#left > LARGEST_WHOLE) throw new FrameError(`a frame of ${this.#left} bytes`)
    if (this.#left === 0) this.#onEnd()
  }

  #onPayload(bytes: Buffer): void {
    if (this.#type !== FrameType.DATA) {
      if (isWhole(this.#type)) this.#whole.push(Buffer.from(bytes))
      return
    }
    let from = 0
    if (this.#padding < 0) {
      this.#padding = bytes[0]!
      from = 1
    }
    // What is left of the frame, this slice included, ends with the padding.
    const end = Math.min(bytes.length, this.#left - this.#padding)
    if (end > from) this.#events.data(this.#stream, bytes.subarray(from, end))
  }

  #onEnd(): void {
    this.#headBytes = 0
    const payload = this.#whole.length === 0 ? EMPTY : Buffer.concat(this.#whole)
    this.#whole = []
    switch (this.#type) {
      case FrameType.DATA:
        if (this.#flags & Flag.END_STREAM) this.#events.endStream(this.#stream)
        return
      case FrameType.HEADERS:
      case FrameType.PUSH_PROMISE:
        return this.#beginBlock(payload)
      case FrameType.CONTINUATION:
        return this.#continueBlock(payload)
      case FrameType.RST_STREAM:
        if (payload.length === 4) this.#events.reset(this.#stream, payload.readUInt32BE(0))
        return
      case FrameType.SETTINGS:
        if (this.#flags & Flag.ACK) return
        for (let at = 0; at + 6 <= payload.length; at += 6) {
          this.#events.setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
        }
    }
  }

  #beginBlock(payload: Buffer): void {
    const headers = this.#type === FrameType.HEADERS
    let start = 0
    let end = payload.length
    if (this.#flags & Flag.PADDED) {
      start = 1
      end -= payload[0] ?? 0
    }
    if (headers && this.#flags & Flag.PRIORITY) start += 5
    if (!headers) start += 4
    if (start > end) throw new FrameError('the padding of a frame is longer than the frame')
    const endStream = headers && (this.#flags & Flag.END_STREAM) !== 0
    this.#block = { type: this.#type, stream: this.#stream, endStream, parts: [], bytes: 0 }
    this.#continueBlock(payload.subarray(start, end))
  }

  #continueBlock(part: Buffer): void {
    const block = this.#block
    if (block === null || block.stream !== this.#stream) throw new FrameError('a CONTINUATION of nothing')
    block.parts.push(part)
    block.bytes += part.length
    if (block.bytes > LARGEST_WHOLE) throw new FrameError(`a field block of more than ${LARGEST_WHOLE} bytes`)
    if ((this.#flags & Flag.END_HEADERS) === 0) {
      // Empty ones without end are the only growth that the bytes do not bound.
      if (block.parts.length > 10_000) throw new FrameError('a field block in too many frames')
      return
    }
    this.#block = null
    this.#events.block(block.type, block.stream, Buffer.concat(block.parts), block.endStream)
  }
}

function isWhole(type: number): boolean {
  return (
    type === FrameType.HEADERS ||
    type === FrameType.CONTINUATION ||
    type === FrameType.PUSH_PROMISE ||
    type === FrameType.RST_STREAM ||
    type === FrameType.GOAWAY ||
    type === FrameType.SETTINGS
  )
}
