/** How long a visitor may take to answer that he has read of the end, ms. */
const LAST_CALL_MS = 1_000
/** How long he may take for the answers under way after that, ms. */
const DRAIN_MS = 30_000

/** What is to be done with a connection. `ask`: whether the visitor is there. `gone`: he is not. `leave`: it should end. */
export type Verdict = 'stay' | 'ask' | 'gone' | 'leave'

/**
 * Tells when a connection has been without a request, or without a sign of life, for too long. It is looked at now and
 * then: what happens in between is only marked, as reading the clock for each frame would cost.
 */
export class Liveness {
  readonly #idleMs: number
  readonly #headMs: number
  #heard = false
  #busy = false
  /** Since when nothing came, and whether he was asked since. */
  #silentSince: number
  #asked = false
  #idleSince: number
  /** Since when a header section is coming, and which stream was the last one then. */
  #headSince = Infinity
  #headBehind = 0
  #lastCallAt = Infinity

  /** `idleMs`: how long it may stay without a request; `headMs`: how long a header section may take. Times are of one clock. */
  constructor(now: number, { idleMs, headMs }: { idleMs: number; headMs: number }) {
    this.#idleMs = idleMs
    this.#headMs = headMs
    this.#silentSince = now
    this.#idleSince = now
  }

  /** Something came. */
  heard(): void {
    this.#heard = true
  }

  /** A request ended. */
  served(): void {
    this.#busy = true
  }

  /** The visitor was told that it ends. */
  lastCall(now: number): void {
    this.#lastCallAt = now
  }

  /** `open`: it has requests; `inHead`: a header section has begun, behind stream `last`. */
  look(now: number, { open, inHead, last }: { open: boolean; inHead: boolean; last: number }): Verdict {
    if (this.#heard) {
      this.#heard = false
      this.#asked = false
      this.#silentSince = now
    }
    if (open || this.#busy) this.#idleSince = now
    this.#busy = false
    if (now - this.#lastCallAt >= DRAIN_MS) return 'gone'
    if (now - this.#lastCallAt >= LAST_CALL_MS || this.#isSlow(now, inHead, last)) return 'leave'
    if (!open) return now - this.#idleSince >= this.#idleMs ? 'leave' : 'stay'
    if (now - this.#silentSince < this.#idleMs) return 'stay'
    if (this.#asked) return 'gone'
    this.#asked = true
    this.#silentSince = now
    return 'ask'
  }

  #isSlow(now: number, inHead: boolean, last: number): boolean {
    if (!inHead) this.#headSince = Infinity
    else if (this.#headSince === Infinity || this.#headBehind !== last) {
      this.#headSince = now
      this.#headBehind = last
    }
    return now - this.#headSince >= this.#headMs
  }
}
