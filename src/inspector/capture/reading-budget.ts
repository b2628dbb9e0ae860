/** What reading may take at once, ms of a processor. */
const BURST_MS = 200
/** And over time: this share of one. */
const SHARE = 0.02

/**
 * Bounds the time that the reading thread takes: a burst is read whole, and of a flood that goes on as much as a small
 * share of a processor allows. What is kept of a flood is soon forgotten again; tunnels need the processors.
 */
export class ReadingBudget {
  #leftMs = BURST_MS
  #atMs: number

  /** `nowMs`: of a clock that never goes back. */
  constructor(nowMs: number) {
    this.#atMs = nowMs
  }

  /** So long was read. */
  spend(ms: number): void {
    this.#leftMs -= ms
  }

  /** Nothing new should be begun to be read. */
  isSpent(nowMs: number): boolean {
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + (nowMs - this.#atMs) * SHARE)
    this.#atMs = nowMs
    return this.#leftMs <= 0
  }
}
