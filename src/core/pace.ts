import type { Clock } from './clock.js'
import { Ring } from './ring.js'

/** What may pass at once, as the time in which it passes, ms: more than a timer is late by. */
const BURST_MS = 100
/** What may pass at once at least, bytes: a pace that is slower than a packet in its time would never let one go. */
const LEAST_BURST = 16 * 1024
/**
 * The shortest time that is waited, ms: what comes due in it goes together. Each turn wakes the visitor and, for more, the
 * agent; turns one by one cost a third more CPU.
 */
const LEAST_WAIT_MS = 10

/** For what was held to a pace and is not any more, bytes a second. */
const UNPACED = 1e15

/** Two paces that do not count together: bytes from visitors (in), and to visitors (out). */
export class PacePair {
  readonly inward: Pace
  readonly outward: Pace

  /** `rate`: bytes a second in each direction, above 0. */
  constructor(clock: Clock, rate: number) {
    this.inward = new Pace(clock, rate)
    this.outward = new Pace(clock, rate)
  }

  set rate(rate: number) {
    if (rate === this.inward.rate) return
    this.inward.rate = rate
    this.outward.rate = rate
  }

  /** Lets those go on who wait, as fast as they can. */
  lift(): void {
    this.rate = UNPACED
  }
}

/**
 * So many bytes a second for all that share it, over any time longer than a blink. Whoever moves bytes says so
 * afterwards (`spend`), and goes on while it is `open`; who finds it closed waits for his turn, in order.
 */
export class Pace {
  readonly #clock: Clock
  #rate: number
  /** Bytes that may pass now; below 0, so many too many did. */
  #level: number
  #at: number
  readonly #waiting = new Ring<() => void>(4)
  #timer: NodeJS.Timeout | null = null

  /** `rate`: bytes a second, above 0. */
  constructor(clock: Clock, rate: number) {
    this.#clock = clock
    this.#rate = rate
    this.#at = clock.now()
    this.#level = this.#burst
  }

  /** Bytes a second. */
  get rate(): number {
    return this.#rate
  }

  set rate(rate: number) {
    this.#fill()
    this.#rate = rate
    this.#level = Math.min(this.#level, this.#burst)
    if (this.#timer === null) return
    clearTimeout(this.#timer)
    this.#timer = null
    this.#arm()
  }

  /** More may pass now, for whoever's turn it is. */
  get open(): boolean {
    this.#fill()
    return this.#level > 0
  }

  /** More may pass now, and it is nobody's turn. */
  get free(): boolean {
    return this.#waiting.length === 0 && this.open
  }

  /** So many bytes passed, whether it was open or not. */
  spend(bytes: number): void {
    this.#fill()
    this.#level -= bytes
  }

  /**
   * Calls `turn` once, later, when it is open and all who came before had theirs. It must not throw, and before it waits
   * here again it has to have spent something.
   */
  wait(turn: () => void): void {
    this.#waiting.push(turn)
    this.#arm()
  }

  get #burst(): number {
    return Math.max(LEAST_BURST, (this.#rate * BURST_MS) / 1000)
  }

  #fill(): void {
    const now = this.#clock.now()
    this.#level = Math.min(this.#burst, this.#level + ((now - this.#at) / 1000) * this.#rate)
    this.#at = now
  }

  #arm(): void {
    if (this.#timer !== null || this.#waiting.length === 0) return
    // Timers count whole milliseconds: one that fires too early would find nothing to do.
    const ms = Math.max(LEAST_WAIT_MS, Math.ceil((-this.#level / this.#rate) * 1000))
    this.#timer = setTimeout(this.#onTime, ms).unref()
  }

  readonly #onTime = (): void => {
    this.#timer = null
    // Those who wait again in their turn come behind all others.
    while (this.#waiting.length > 0 && this.open) this.#waiting.shift()?.()
    this.#arm()
  }
}
