import { ErrorCode, Flag, FRAME_HEAD, FRAME_SIZE, FrameType, PREFACE } from '../../../http2/index.js'
import { ConnectionViolation } from './violation.js'

const NOTHING = Buffer.alloc(0)

/** Told of the frames of a visitor. Called synchronously; throws ConnectionViolation to end the connection. */
export interface FrameEvents {
  /** A frame of DATA begins, of `length` bytes with its padding. */
  onDataFrame(stream: number, length: number): void
  /** A part of it, without padding, valid during the call. */
  onDataPart(slice: Buffer): void
  /** It is over; `end`: and the stream's body with it. */
  onDataEnd(end: boolean): void
  /** Any other frame, whole: its payload is `bytes[start, end)`, valid during the call. */
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void
}

/**
 * Cuts what a visitor sends into frames (RFC 9113 §4), in whatever pieces it comes: first the preface, then a frame of
 * SETTINGS, then any. DATA passes through; other payloads are copied only when they come in pieces.
 */
export class FrameParser {
  readonly #events: FrameEvents
  #preface = 0
  #settings = false
  readonly #head = Buffer.alloc(FRAME_HEAD)
  #headBytes = 0
  #type = 0
  #flags = 0
  #stream = 0
  /** Of the payload, not read yet. */
  #left = 0
  /** Of DATA: padding at the end; -1: its length has not come. */
  #padding = 0
  /** What has come of a payload that comes in pieces. */
  #payload = NOTHING
  #payloadBytes = 0

  constructor(events: FrameEvents) {
    this.#events = events
  }

  /** Whether a frame other than DATA has begun and is not whole. */
  get inFrame(): boolean {
    return this.#headBytes > 0 && (this.#headBytes < FRAME_HEAD || this.#type !== FrameType.DATA)
  }

  /** Throws ConnectionViolation; nothing can be read after that. */
  push(chunk: Buffer): void {
    let at = this.#preface < PREFACE.length ? this.#readPreface(chunk) : 0
    while (at < chunk.length) {
      if (this.#headBytes < FRAME_HEAD) {
        at = this.#readHead(chunk, at)
        if (this.#headBytes < FRAME_HEAD) return
        this.#begin()
        if (this.#left > 0) continue
        this.#end(chunk, at, at)
      } else if (this.#type === FrameType.DATA) at = this.#readData(chunk, at)
      else at = this.#readPayload(chunk, at)
    }
  }

  #readPreface(chunk: Buffer): number {
    const end = Math.min(chunk.length, PREFACE.length - this.#preface)
    if (chunk.compare(PREFACE, this.#preface, this.#preface + end, 0, end) !== 0) {
      throw new ConnectionViolation(ErrorCode.PROTOCOL_ERROR, 'the connection preface is missing')
    }
    this.#preface += end
    return end
  }

  #readHead(chunk: Buffer, at: number): number {
    if (this.#headBytes === 0 && chunk.length - at >= FRAME_HEAD) {
      this.#takeHead(chunk, at)
      return at + FRAME_HEAD
    }
    const taken = chunk.copy(this.#head, this.#headBytes, at, at + FRAME_HEAD - this.#headBytes)
    this.#headBytes += taken
    if (this.#headBytes === FRAME_HEAD) this.#takeHead(this.#head, 0)
    return at + taken
  }

  #takeHead(bytes: Buffer, at: number): void {
    this.#headBytes = FRAME_HEAD
    this.#left = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    this.#type = bytes[at + 3]!
    this.#flags = bytes[at + 4]!
    this.#stream = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!
  }

  #begin(): void {
    if (this.#left > FRAME_SIZE) throw new ConnectionViolation(ErrorCode.FRAME_SIZE_ERROR, 'a frame is too large')
    if (!this.#settings) {
      if (this.#type !== FrameType.SETTINGS || (this.#flags & Flag.ACK) !== 0) {
        throw new ConnectionViolation(ErrorCode.PROTOCOL_ERROR, 'the first frame is not SETTINGS')
      }
      this.#settings = true
    }
    if (this.#type !== FrameType.DATA) return
    const padded = (this.#flags & Flag.PADDED) !== 0
    if (padded && this.#left === 0) throw new ConnectionViolation(ErrorCode.FRAME_SIZE_ERROR, 'padding has no length')
    this.#padding = padded ? -1 : 0
    this.#events.onDataFrame(this.#stream, this.#left)
  }

  #readData(chunk: Buffer, start: number): number {
    let at = start
    if (this.#padding < 0) {
      this.#padding = chunk[at++]!
      this.#left--
      if (this.#padding > this.#left) throw tooMuchPadding()
    }
    const end = Math.min(chunk.length, at + this.#left)
    const dataEnd = Math.min(end, at + this.#left - this.#padding)
    if (dataEnd > at) this.#events.onDataPart(chunk.subarray(at, dataEnd))
    this.#left -= end - at
    if (this.#left === 0) this.#end(chunk, end, end)
    return end
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    const whole = this.#payloadBytes === 0 && end - at === this.#left
    if (whole) {
      this.#left = 0
      this.#end(chunk, at, end)
      return end
    }
    if (this.#payloadBytes === 0) this.#payload = Buffer.allocUnsafe(this.#left)
    this.#payloadBytes += chunk.copy(this.#payload, this.#payloadBytes, at, end)
    this.#left -= end - at
    if (this.#left > 0) return end
    const payload = this.#payload
    const length = this.#payloadBytes
    this.#payload = NOTHING
    this.#payloadBytes = 0
    this.#end(payload, 0, length)
    return end
  }

  #end(bytes: Buffer, start: number, end: number): void {
    this.#headBytes = 0
    if (this.#type === FrameType.DATA) this.#events.onDataEnd((this.#flags & Flag.END_STREAM) !== 0)
    else this.#events.onFrame(this.#type, this.#flags, this.#stream, bytes, start, end)
  }
}

export function tooMuchPadding(): ConnectionViolation {
  return new ConnectionViolation(ErrorCode.PROTOCOL_ERROR, 'the padding of a frame is longer than the frame')
}
