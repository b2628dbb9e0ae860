/** Bytes that bodies and messages may become larger by when they are decompressed: at once, and then per millisecond. */
const AT_ONCE = 32 * 1024 * 1024
const PER_MS = 16 * 1024
/** DEFLATE makes of a byte no more than so many. */
const MOST_TIMES = 1_032
/** What a decoder that failed takes until the turn of the event loop is over, bytes. */
const FAILURE = 16 * 1024

/** What came of decompressing. */
export type Inflated<T> =
  | { readonly kind: 'decoded'; readonly value: T }
  | { readonly kind: 'invalid' }
  /** It would be more than it may be. */
  | { readonly kind: 'too-large' }
  /** It would be more than may be decompressed now. */
  | { readonly kind: 'too-much' }

/**
 * Bounds what is decompressed in a time. A few bytes can be made to become millions, and to search those for secrets takes
 * a thousand times as long as to send them: without bounds a visitor could keep the thread busy for minutes.
 */
export class InflationBudget {
  readonly #atOnce: number
  #left: number
  #atMs = 0

  constructor(atOnce = AT_ONCE) {
    this.#atOnce = atOnce
    this.#left = atOnce
  }

  /** How much larger what came at this time may become. */
  at(atMs: number): number {
    if (atMs > this.#atMs) {
      this.#left = Math.min(this.#atOnce, this.#left + (atMs - this.#atMs) * PER_MS)
      this.#atMs = atMs
    }
    return Math.max(0, this.#left)
  }

  /** Something became larger by so much. */
  spend(bytes: number): void {
    this.#left -= Math.max(0, bytes)
  }

  /**
   * Decompresses `bytes` bytes that came at this time, to at most `most`. `decode` is told how many it may make, and throws
   * what zlib throws. What it makes counts, also when nothing comes of it.
   */
  inflate<T>(
    bytes: number,
    most: number,
    atMs: number,
    decode: (most: number) => T,
    sizeOf: (made: T) => number,
  ): Inflated<T> {
    const now = bytes + this.at(atMs)
    const max = Math.max(1, Math.min(most, now))
    try {
      const value = decode(max)
      this.spend(sizeOf(value) - bytes)
      return { kind: 'decoded', value }
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      this.spend(isTooLarge ? max - bytes : Math.max(FAILURE, Math.min(max, MOST_TIMES * bytes) - bytes))
      if (!isTooLarge) return { kind: 'invalid' }
      return { kind: now < most ? 'too-much' : 'too-large' }
    }
  }
}
