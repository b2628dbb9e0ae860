import type { Clock } from '../../../core/clock.js'
import { CONNECTION_WINDOW, WINDOW } from './settings.js'

/** Bytes that serve no request which a visitor may send at once, and in a second over time. */
const BURST = 1024 * 1024
const PER_SECOND = 64 * 1024
/** So much may come with each byte of a request: frames around it, and what HPACK did not shorten. */
const PER_BYTE_SERVED = 2
/** So much may come with each byte that we sent: WINDOW_UPDATE and the like. Below 1, or PING would pay for itself. */
const PER_BYTE_SENT = 0.5

/**
 * Tells visitors from those who only keep us busy: any number of PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA and
 * unknown frames, and frames of streams that are over, may come, and each costs little, but a visitor can send millions in
 * a second. What comes is held against what it was good for.
 */
export class FloodGauge {
  readonly #clock: Clock
  /** Bytes that may still come without serving a request. */
  #allowance = BURST
  #at: number
  #sent = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.now()
  }

  /** So many bytes came; `sent`: how many we have sent in all. False: it is a flood. */
  came(bytes: number, sent: number): boolean {
    this.#allowance -= bytes
    if (this.#allowance >= 0) return true
    const now = this.#clock.now()
    this.#allowance += ((now - this.#at) / 1000) * PER_SECOND + (sent - this.#sent) * PER_BYTE_SENT
    this.#at = now
    this.#sent = sent
    this.#allowance = Math.min(BURST, this.#allowance)
    return this.#allowance >= 0
  }

  /** Bytes of the head or the body of a request were used. */
  served(bytes: number): void {
    // What was allowed for refused bodies stays: it is still to come.
    if (this.#allowance < BURST) this.#allowance = Math.min(BURST, this.#allowance + bytes * PER_BYTE_SERVED)
  }

  /** The rest of a body was refused: what is under way of it, a window at most, is not the visitor's fault. */
  refusedBody(): void {
    this.#allowance = Math.min(BURST + CONNECTION_WINDOW, this.#allowance + WINDOW)
  }
}
