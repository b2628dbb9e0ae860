import type { Clock } from './clock.js'

/** Lets so many through at once, and so many a second over time. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #rate: { readonly burst: number; readonly perSecond: number }
  #left: number
  #at: number

  constructor(clock: Clock, rate: { readonly burst: number; readonly perSecond: number }) {
    this.#clock = clock
    this.#rate = rate
    this.#left = rate.burst
    this.#at = clock.now()
  }

  get perSecond(): number {
    return this.#rate.perSecond
  }

  /** Takes one; false: there is none. */
  take(): boolean {
    const now = this.#clock.now()
    const { burst, perSecond } = this.#rate
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
