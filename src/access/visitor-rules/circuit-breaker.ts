import type { Clock } from '../../core/clock.js'
import { refusalFor, type Refusal } from './refusal.js'

export interface CircuitBreakerOptions {
  readonly clock: Clock
  /** The share of failures, above 0 and up to 1, from which on it opens. */
  readonly threshold: number
  /** Over how long requests are counted, ms. Default 10 000. */
  readonly windowMs?: number
  /** So many requests must have been counted. Default 10. */
  readonly volume?: number
  /** How long no request is let through, ms. Default 10 000. */
  readonly openMs?: number
  /** How many requests at once try whether the upstream is well again. Default 1. */
  readonly probes?: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'

/** Shows in which phase a request was let through. */
export type Permit = number

const SLOTS = 10

/**
 * Gives an upstream a rest that fails too often.
 *
 * ```
 * closed ──share of failures ≥ threshold──▶ open ──openMs──▶ half-open ──a request succeeds──▶ closed
 *                                             ◀──────────────a request fails──────┘
 * ```
 *
 * Pure but for the clock. Every permit is settled exactly once; one from an earlier phase changes nothing any more.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #threshold: number
  readonly #volume: number
  readonly #openMs: number
  readonly #probes: number
  readonly #slotMs: number
  readonly #requests = new Float64Array(SLOTS)
  readonly #failures = new Float64Array(SLOTS)
  /** The number of the slot that was written last, counted from the start of the clock. */
  #slot: number
  #state: CircuitState = 'closed'
  #phase: Permit = 0
  #openedAt = 0
  #probing = 0
  #trips = 0
  #refused = 0

  constructor(options: CircuitBreakerOptions) {
    const { clock, threshold, windowMs = 10_000, volume = 10, openMs = 10_000, probes = 1 } = options
    this.#clock = clock
    this.#threshold = threshold
    this.#volume = volume
    this.#openMs = openMs
    this.#probes = probes
    this.#slotMs = windowMs / SLOTS
    this.#slot = this.#slotNow()
  }

  get state(): CircuitState {
    if (this.#state === 'open' && this.#restMs() <= 0) return 'half-open'
    return this.#state
  }

  /** How often it opened. */
  get trips(): number {
    return this.#trips
  }

  /** Requests that were not let through. */
  get refused(): number {
    return this.#refused
  }

  /** A permit to be settled, or why the upstream gets no request now. */
  admit(): Permit | Refusal {
    if (this.#state === 'closed') return this.#phase
    if (this.#state === 'open') {
      const restMs = this.#restMs()
      if (restMs > 0) return this.#refuse(restMs)
      this.#enter('half-open')
    }
    if (this.#probing >= this.#probes) return this.#refuse(0)
    this.#probing++
    return this.#phase
  }

  /**
   * What became of an admitted request: the upstream answered (`ok`), or did not, or with a status of 500 and above
   * (`failed`), or it shows nothing, as the visitor left first (`abandoned`).
   */
  settle(permit: Permit, outcome: 'ok' | 'failed' | 'abandoned'): void {
    if (permit !== this.#phase) return
    if (this.#state === 'half-open') {
      this.#probing--
      if (outcome === 'failed') this.#open()
      else if (outcome === 'ok') this.#enter('closed')
      return
    }
    if (this.#state !== 'closed' || outcome === 'abandoned') return
    this.#count(outcome === 'failed')
  }

  #count(failed: boolean): void {
    const slot = this.#slotNow()
    for (let passed = Math.min(slot - this.#slot, SLOTS); passed > 0; passed--) {
      const stale = (slot - passed + 1) % SLOTS
      this.#requests[stale] = this.#failures[stale] = 0
    }
    this.#slot = slot
    this.#requests[slot % SLOTS]! += 1
    if (!failed) return
    this.#failures[slot % SLOTS]! += 1
    const requests = sum(this.#requests)
    if (requests >= this.#volume && sum(this.#failures) / requests >= this.#threshold) this.#open()
  }

  #open(): void {
    this.#enter('open')
    this.#openedAt = this.#clock.now()
    this.#trips++
  }

  #enter(state: CircuitState): void {
    this.#state = state
    this.#phase++
    this.#probing = 0
    this.#requests.fill(0)
    this.#failures.fill(0)
  }

  #refuse(restMs: number): Refusal {
    this.#refused++
    return refusalFor(restMs, 'UR_CIRCUIT_OPEN')
  }

  #restMs(): number {
    return this.#openedAt + this.#openMs - this.#clock.now()
  }

  #slotNow(): number {
    return Math.floor(this.#clock.now() / this.#slotMs)
  }
}

function sum(counts: Float64Array): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
