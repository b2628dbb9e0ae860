import { HEADER_SIZE, TYPE_DATA, TYPE_GO_AWAY, TYPE_LOST, TYPE_OFFSET, TYPE_REPLAY } from './frame.js'
import { WireViolation } from './violation.js'

/** Who is told what the parser found. A method may throw `WireViolation`; `push` passes it on. */
export interface FrameSink {
  /** A header. For a data frame (or a replay) the payload follows: `onPayload` for each piece, then `onPayloadEnd`. */
  onHeader(type: number, flags: number, streamId: number, length: number): void
  /** A piece of the current data frame's payload: a view of the pushed chunk, never copied. */
  onPayload(slice: Buffer): void
  /** The current data frame is complete; called for an empty one too. */
  onPayloadEnd(): void
}

/**
 * Cuts a byte stream into yamux frames. Never assembles a payload: its pieces are handed on as they come.
 * Holds 12 bytes of state at most. Pure: no sockets, no timers, no clock.
 */
export class FrameParser {
  /** Bytes parsed so far. */
  position = 0
  readonly #sink: FrameSink
  readonly #resumable: boolean
  readonly #striping: boolean
  readonly #scratch = new Uint8Array(HEADER_SIZE)
  #scratchLength = 0
  #payloadLeft = 0
  #stopped = false
  #busy = false

  /** @param may frames of which capabilities may come */
  constructor(sink: FrameSink, may: { resumable?: boolean; striping?: boolean } = {}) {
    this.#sink = sink
    this.#resumable = may.resumable ?? false
    this.#striping = may.striping ?? false
  }

  /** True between frames, false in the middle of one. */
  get between(): boolean {
    return this.#scratchLength === 0 && this.#payloadLeft === 0
  }

  /** True while `push` runs. */
  get busy(): boolean {
    return this.#busy
  }

  /** Ends parsing; the rest of the current chunk and every later one is ignored. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Parses a chunk of any length, cut anywhere, until `frames` data frames of it are complete. The slices given on are
   * views of it. Returns the offset of what is left: the chunk's length when all of it was parsed, or ignored.
   * @throws WireViolation UR_WIRE_VERSION, UR_WIRE_TYPE, or whatever the sink throws
   */
  push(chunk: Buffer, frames = Infinity): number {
    this.#busy = true
    const parsed = this.#parse(chunk, frames)
    this.#busy = false
    this.position += parsed
    return parsed
  }

  #parse(chunk: Buffer, frames: number): number {
    const size = chunk.length
    let at = 0
    let left = frames
    while (at < size && left > 0) {
      if (this.#stopped) return size
      if (this.#payloadLeft > 0) {
        const end = Math.min(size, at + this.#payloadLeft)
        this.#payloadLeft -= end - at
        this.#sink.onPayload(at === 0 && end === size ? chunk : chunk.subarray(at, end))
        at = end
        if (this.#payloadLeft === 0) {
          left--
          this.#sink.onPayloadEnd()
        }
      } else if (this.#scratchLength === 0 && size - at >= HEADER_SIZE) {
        this.#header(chunk, at)
        at += HEADER_SIZE
      } else {
        this.#scratch[this.#scratchLength++] = chunk[at++]!
        if (this.#scratchLength === HEADER_SIZE) {
          this.#scratchLength = 0
          this.#header(this.#scratch, 0)
        }
      }
    }
    return at
  }

  #extends(type: number): boolean {
    if (type === TYPE_OFFSET) return this.#striping
    return this.#resumable && (type === TYPE_LOST || type === TYPE_REPLAY)
  }

  #header(bytes: Uint8Array, at: number): void {
    if (bytes[at] !== 0) {
      throw new WireViolation('UR_WIRE_VERSION', `a frame had version ${bytes[at]}, and yamux has only version 0`)
    }
    const type = bytes[at + 1]!
    if (type > TYPE_GO_AWAY && !this.#extends(type))
      throw new WireViolation('UR_WIRE_TYPE', `a frame had the unknown type ${type}`)
    const flags = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const streamId = u32(bytes, at + 4)
    const length = u32(bytes, at + 8)
    this.#sink.onHeader(type, flags, streamId, length)
    if ((type !== TYPE_DATA && type !== TYPE_REPLAY) || this.#stopped) return
    if (length === 0) this.#sink.onPayloadEnd()
    else this.#payloadLeft = length
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
