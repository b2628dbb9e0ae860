import type { LogFields, Logger } from '../core/logger.js'

/** The log of the inspector's thread: what matters is written by the thread that has the log. */
export class PostedLog implements Logger {
  readonly #post: (text: string) => void

  constructor(post: (text: string) => void) {
    this.#post = post
  }

  debug(): void {
    // It is of no use elsewhere.
  }

  info(): void {
    // Likewise.
  }

  warn(fields: LogFields, message: string): void {
    const { error } = fields
    this.#post(error instanceof Error ? `inspector: ${message}: ${error.message}` : `inspector: ${message}`)
  }

  error(fields: LogFields, message: string): void {
    this.warn(fields, message)
  }

  child(): Logger {
    return this
  }
}
