import type { Answer, KeptField, Message } from '../exchange.js'
import { Section } from './section.js'

/** A message in little memory: its fields are read again whenever they are asked for. */
export class KeptMessage implements Message {
  readonly body: Buffer[] = []
  bytes = 0
  codings: readonly string[]
  truncated = false
  redacted = false
  problem: string | null = null
  readonly #fields: Section
  #trailers: Section = Section.NONE

  constructor(fields: Section, codings: readonly string[]) {
    this.#fields = fields
    this.codings = codings
  }

  get fields(): readonly KeptField[] {
    return this.#fields.list()
  }

  get trailers(): readonly KeptField[] {
    return this.#trailers.list()
  }

  get fieldsCost(): number {
    return this.#fields.cost + this.#trailers.cost
  }

  /** Returns how much more memory is taken. */
  setTrailers(trailers: Section): number {
    const before = this.#trailers.cost
    this.#trailers = trailers
    return trailers.cost - before
  }
}

/** A `KeptMessage` that is an answer. */
export class KeptAnswer extends KeptMessage implements Answer {
  status: number
  reason: string

  constructor(fields: Section, codings: readonly string[], status: number, reason: string) {
    super(fields, codings)
    this.status = status
    this.reason = reason
  }
}
