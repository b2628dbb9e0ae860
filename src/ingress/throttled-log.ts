import type { Clock } from '../core/clock.js'
import type { Code } from '../core/error-codes.js'
import type { Logger } from '../core/logger.js'

/** Warnings that strangers can provoke: at most one line a second for each code; the rest are counted in the next one. */
export class ThrottledLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #last = new Map<Code, { at: number; suppressed: number }>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  warn(code: Code, fields: Readonly<Record<string, unknown>>, message: string): void {
    const now = this.#clock.now()
    const last = this.#last.get(code)
    if (last !== undefined && now - last.at < 1000) {
      last.suppressed++
      return
    }
    this.#last.set(code, { at: now, suppressed: 0 })
    this.#log.warn({ code, ...fields, ...(last?.suppressed ? { suppressed: last.suppressed } : {}) }, message)
  }
}
