import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Carrier } from '../wire/index.js'

const BYTES = 32

/**
 * What admits further connections to a session. It is changed when an agent returns; the former one holds until the
 * agent is seen to have the new one, since the answer that brings it may be lost like everything else.
 */
export class SessionSecret {
  #current = randomBytes(BYTES)
  #former: Buffer | null = null
  /** Was welcomed with the current secret. */
  #told: Carrier | null = null

  get current(): Buffer {
    return this.#current
  }

  /** Whether `given` is one of the session's; compared in constant time. */
  match(given: Uint8Array): 'current' | 'former' | null {
    if (given.length !== BYTES) return null
    // Frames of the agent on that carrier prove that the answer came.
    if (this.#told !== null && this.#told.parser.position > 0) this.#former = this.#told = null
    if (timingSafeEqual(given, this.#current)) return 'current'
    return this.#former !== null && timingSafeEqual(given, this.#former) ? 'former' : null
  }

  /** Makes a new one, after `given` has matched. */
  change(given: 'current' | 'former'): Buffer {
    if (given === 'current') this.#former = this.#current
    this.#told = null
    this.#current = randomBytes(BYTES)
    return this.#current
  }

  /** On this carrier the agent was told the new one. */
  toldOn(carrier: Carrier): void {
    this.#told = carrier
  }
}
