import type { LogFields, Logger } from '../../src/core/logger.js'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: LogFields
  readonly message: string
}

/** A logger that keeps its lines, those of its children with the children's fields. */
export class RecordedLog implements Logger {
  readonly lines: LogLine[]
  readonly #fields: LogFields

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines
    this.#fields = fields
  }

  debug(fields: LogFields, message: string): void {
    this.#keep('debug', fields, message)
  }

  info(fields: LogFields, message: string): void {
    this.#keep('info', fields, message)
  }

  warn(fields: LogFields, message: string): void {
    this.#keep('warn', fields, message)
  }

  error(fields: LogFields, message: string): void {
    this.#keep('error', fields, message)
  }

  child(fields: LogFields): RecordedLog {
    return new RecordedLog(this.lines, { ...this.#fields, ...fields })
  }

  /** The lines with this message. */
  with(message: string): LogLine[] {
    return this.lines.filter((line) => line.message === message)
  }

  #keep(level: LogLine['level'], fields: LogFields, message: string): void {
    this.lines.push({ level, fields: { ...this.#fields, ...fields }, message })
  }
}
