import type { Clock } from './clock.js'
import type { Code } from './error-codes.js'
import type { LogFields, Logger } from './logger.js'

const EVERY_MS = 1000

/**
 * Log lines that strangers can provoke: at most one a second for each code; the rest are counted in the next one, as
 * `suppressed`.
 */
export class ThrottledLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #last = new Map<Code, { at: number; suppressed: number }>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  info(code: Code, fields: LogFields, message: string): void {
    this.#write('info', code, fields, message)
  }

  warn(code: Code, fields: LogFields, message: string): void {
    this.#write('warn', code, fields, message)
  }

  error(code: Code, fields: LogFields, message: string): void {
    this.#write('error', code, fields, message)
  }

  #write(level: 'info' | 'warn' | 'error', code: Code, fields: LogFields, message: string): void {
    const now = this.#clock.now()
    const last = this.#last.get(code)
    if (last !== undefined && now - last.at < EVERY_MS) {
      last.suppressed++
      return
    }
    this.#last.set(code, { at: now, suppressed: 0 })
    this.#log[level]({ code, ...fields, ...(last?.suppressed ? { suppressed: last.suppressed } : {}) }, message)
  }
}
