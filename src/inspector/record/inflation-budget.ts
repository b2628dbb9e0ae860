/** Bytes that bodies may become larger by when they are decompressed: at once, and then per millisecond. */
const AT_ONCE = 32 * 1024 * 1024
const PER_MS = 16 * 1024

/**
 * Bounds what is decompressed in a time. A few bytes can be made to become millions, and to search those for secrets takes
 * a thousand times as long as to send them: without bounds a visitor could keep the thread busy for minutes.
 */
export class InflationBudget {
  #left = AT_ONCE
  #atMs = 0

  /** How much larger a body may become that came at this time. */
  at(atMs: number): number {
    if (atMs > this.#atMs) {
      this.#left = Math.min(AT_ONCE, this.#left + (atMs - this.#atMs) * PER_MS)
      this.#atMs = atMs
    }
    return Math.max(0, this.#left)
  }

  /** A body became larger by so much. */
  spend(bytes: number): void {
    this.#left -= Math.max(0, bytes)
  }
}
