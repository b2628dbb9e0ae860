import { inspect } from 'node:util'

const HIDDEN = '***'

/** What tokens look like, and what is left of one after a copy that went wrong. */
const TOKENS = /(unra?_)[0-9A-Za-z]{8,}/g

/** A text for a log or a message with every token in it hidden: people put them where no token belongs. */
export function hideTokens(text: string): string {
  return text.replace(TOKENS, `$1${HIDDEN}`)
}

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
