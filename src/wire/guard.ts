import type { Clock } from '../core/clock.js'
import { WireViolation } from './violation.js'

/** Counts what a peer may do only so often in a second, of every kind together. */
export class RateGuard {
  readonly #clock: Clock
  readonly #limit: number
  #count = 0
  #since = -Infinity

  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  /** @throws WireViolation UR_WIRE_FLOOD above the limit */
  count(what: string): void {
    const now = this.#clock.now()
    if (now - this.#since >= 1000) {
      this.#since = now
      this.#count = 0
    }
    if (++this.#count > this.#limit) {
      throw new WireViolation('UR_WIRE_FLOOD', `the peer sent more than ${this.#limit} ${what} in a second`)
    }
  }
}
