import { flood } from './violation.js'

/** Frames that a field block may come in: beside its bytes, empty ones cost. */
const MOST_FRAMES = 1_000
/** Text in a table may be longer than what names it; beyond that a block is not worth the memory. */
const LEAST_BYTES = 64 * 1024

/** A field block that comes in several frames (RFC 9113 §4.3), put together. */
export class FieldBlock {
  /** Whose it is; 0: none has begun. */
  stream = 0
  /** No body follows. */
  isWhole = false
  readonly #most: number
  #parts: Buffer[] = []
  #bytes = 0
  #frames = 0

  /** `headerBytes`: what a header section may have. */
  constructor(headerBytes: number) {
    this.#most = Math.max(LEAST_BYTES, 2 * headerBytes)
  }

  get begun(): boolean {
    return this.stream !== 0
  }

  begin(stream: number, isWhole: boolean): void {
    this.stream = stream
    this.isWhole = isWhole
  }

  /** Takes the next part by copy. Throws ConnectionViolation when it is too much. */
  add(bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start
    this.#frames++
    if (this.#bytes > this.#most || this.#frames > MOST_FRAMES) {
      throw flood('a header section is too long')
    }
    if (end > start) this.#parts.push(Buffer.from(bytes.subarray(start, end)))
  }

  /** All of it: none has begun any more. */
  finish(): Buffer {
    const whole = Buffer.concat(this.#parts)
    this.stream = 0
    this.#parts = []
    this.#bytes = 0
    this.#frames = 0
    return whole
  }
}
