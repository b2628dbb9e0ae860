import { openSync, readSync } from 'node:fs'

/**
 * Tells what the calling thread takes of a processor. On Linux without the time in which others had it; to the kernel's
 * count, which lags by some milliseconds, belongs all that the thread does. Elsewhere what passes between the two calls.
 */
export class ReadingTime {
  readonly #file = openCount()
  readonly #text = Buffer.alloc(64)
  /** Up to where it was told; null: not begun. */
  #toldMs: number | null = null

  begin(): void {
    if (this.#file === null || this.#toldMs === null) this.#toldMs = this.#nowMs()
  }

  /** Milliseconds since the last time that this was asked, or `begin` was called first. */
  spent(): number {
    const nowMs = this.#nowMs()
    const spent = nowMs - (this.#toldMs ?? nowMs)
    this.#toldMs = nowMs
    return spent
  }

  #nowMs(): number {
    if (this.#file === null) return performance.now()
    const length = readSync(this.#file, this.#text, 0, this.#text.length, 0)
    return Number.parseInt(this.#text.toString('latin1', 0, length), 10) / 1e6
  }
}

/** Its first number is nanoseconds on a processor (Linux, Documentation/scheduler/sched-stats). */
function openCount(): number | null {
  try {
    return openSync('/proc/thread-self/schedstat', 'r')
  } catch {
    return null
  }
}
