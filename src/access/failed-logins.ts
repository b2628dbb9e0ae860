import type { Clock } from '../core/clock.js'
import { ipToBytes, unmapped } from '../hello/ip-bytes.js'

export interface FailedLoginsOptions {
  readonly clock: Clock
  /** Failures that one address may have within `windowMs`. Default 20. */
  readonly failures?: number
  /** Default 60 000. */
  readonly windowMs?: number
  /** How many addresses are remembered; the one that failed longest ago is forgotten first. Default 10 000. */
  readonly addresses?: number
}

interface Window {
  readonly endsAt: number
  failures: number
}

/**
 * Counts failed logins by address, an IPv6 address by its /64. A token has 256 random bits and cannot be guessed: this
 * keeps one broken or hostile machine from costing a database query and a log line with each of its tries.
 */
export class FailedLogins {
  readonly #clock: Clock
  readonly #failures: number
  readonly #windowMs: number
  readonly #addresses: number
  readonly #windows = new Map<string, Window>()

  constructor({ clock, failures = 20, windowMs = 60_000, addresses = 10_000 }: FailedLoginsOptions) {
    this.#clock = clock
    this.#failures = failures
    this.#windowMs = windowMs
    this.#addresses = addresses
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#windows.size
  }

  /** How long the address has to wait before its next try, in ms; 0 = it may. */
  blockedFor(address: string): number {
    const window = this.#windows.get(networkOf(address))
    if (!window || window.failures < this.#failures) return 0
    return Math.max(0, window.endsAt - this.#clock.now())
  }

  /** Notes a failure. True: from now on the address has to wait. */
  add(address: string): boolean {
    const network = networkOf(address)
    const now = this.#clock.now()
    let window = this.#windows.get(network)
    if (!window || window.endsAt <= now) window = { endsAt: now + this.#windowMs, failures: 0 }
    window.failures += 1
    this.#windows.delete(network)
    this.#windows.set(network, window)
    if (this.#windows.size > this.#addresses) this.#forgetOldest()
    return window.failures === this.#failures
  }

  #forgetOldest(): void {
    for (const network of this.#windows.keys()) {
      this.#windows.delete(network)
      return
    }
  }
}

/** What is counted together, in hex: an IPv4 address (mapped into IPv6 or not), or the first 64 bits of an IPv6 one. */
export function networkOf(address: string): string {
  const ip = ipToBytes(address.replace(/%.*$/, ''))
  return ip ? unmapped(ip).subarray(0, 8).toString('hex') : address
}
