import type { Clock } from '../core/clock.js'
import { ipToBytes, unmapped } from '../hello/ip-bytes.js'

/** After so long without a failure a ban is forgotten, and the next one is as short as the first, ms. */
const FORGIVEN_MS = 3_600_000

export interface FailedLoginsOptions {
  readonly clock: Clock
  /** Failures that one address may have within `windowMs`. Default 20. */
  readonly failures?: number
  /** Also how long the first ban lasts; each one after it lasts twice as long as the one before. Default 60 000. */
  readonly windowMs?: number
  /** How long one who goes on failing waits at most, ms. Default a quarter of an hour. */
  readonly longestMs?: number
  /** How many addresses are remembered; the one that failed longest ago is forgotten first. Default 10 000. */
  readonly addresses?: number
}

interface Failures {
  /** Since the window began. */
  count: number
  windowEndsAt: number
  blockedUntil: number
  bans: number
  lastAt: number
}

/**
 * Counts failed logins by address, an IPv6 address by its /64. A token has 256 random bits and cannot be guessed: this
 * keeps one broken or hostile machine from costing a database query and a log line with each of its tries.
 */
export class FailedLogins {
  readonly #clock: Clock
  readonly #failures: number
  readonly #windowMs: number
  readonly #longestMs: number
  readonly #addresses: number
  readonly #known = new Map<string, Failures>()

  constructor(options: FailedLoginsOptions) {
    const { clock, failures = 20, windowMs = 60_000, longestMs = 15 * 60_000, addresses = 10_000 } = options
    this.#clock = clock
    this.#failures = failures
    this.#windowMs = windowMs
    this.#longestMs = longestMs
    this.#addresses = addresses
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#known.size
  }

  /** How long the address has to wait before its next try, in ms; 0 = it may. */
  blockedFor(address: string): number {
    const known = this.#known.get(networkOf(address))
    return known === undefined ? 0 : Math.max(0, known.blockedUntil - this.#clock.now())
  }

  /** Notes a failure. True: from now on the address has to wait. */
  add(address: string): boolean {
    const network = networkOf(address)
    const now = this.#clock.now()
    const known = this.#known.get(network) ?? { count: 0, windowEndsAt: 0, blockedUntil: 0, bans: 0, lastAt: now }
    if (now - known.lastAt > FORGIVEN_MS) known.bans = 0
    if (known.windowEndsAt <= now) {
      known.count = 0
      known.windowEndsAt = now + this.#windowMs
    }
    known.lastAt = now
    this.#known.delete(network)
    this.#known.set(network, known)
    if (this.#known.size > this.#addresses) this.#forgetOldest()
    if (++known.count !== this.#failures) return false
    known.blockedUntil = now + Math.min(this.#windowMs * 2 ** known.bans, this.#longestMs)
    known.bans++
    return true
  }

  #forgetOldest(): void {
    for (const network of this.#known.keys()) {
      this.#known.delete(network)
      return
    }
  }
}

/** What is counted together, in hex: an IPv4 address (mapped into IPv6 or not), or the first 64 bits of an IPv6 one. */
export function networkOf(address: string): string {
  const ip = ipToBytes(address.replace(/%.*$/, ''))
  return ip ? unmapped(ip).subarray(0, 8).toString('hex') : address
}
