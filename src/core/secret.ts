import { inspect } from 'node:util'

const HIDDEN = '***'

/**
 * A value that must reach no log, message or dump: every way of printing it gives `***`.
 * Only `reveal()` hands it out, so that a search for `reveal` finds every use.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself, for the one place that has to send or compare it. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
