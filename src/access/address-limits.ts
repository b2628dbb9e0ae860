import type { Clock } from '../core/clock.js'
import { TokenBucket } from '../core/token-bucket.js'
import { networkOf } from './failed-logins.js'
import { BoundedMap } from '../core/bounded-map.js'

/** How many addresses have a rate of their own; who was away longest is forgotten first. */
export const REMEMBERED_ADDRESSES = 10_000

/** How often one IPv4 address, or the /64 of an IPv6 one, may do something in a second; as often at once. */
export class AddressRate {
  readonly #clock: Clock
  readonly #buckets = new BoundedMap<TokenBucket>(REMEMBERED_ADDRESSES)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** Counts one try at a rate of `perSecond` (0: any); false: there were too many. */
  take(address: string, perSecond: number): boolean {
    if (perSecond === 0) return true
    const network = networkOf(address)
    let bucket = this.#buckets.get(network)
    if (bucket?.perSecond !== perSecond) {
      bucket = new TokenBucket(this.#clock, { burst: Math.max(1, perSecond), perSecond })
      this.#buckets.set(network, bucket)
    }
    return bucket.take()
  }
}

/** How many there are at once of each IPv4 address, or the /64 of an IPv6 one. As large as there are any: the caller bounds them. */
export class AddressCount {
  readonly #counts = new Map<string, number>()

  /** Addresses that have any. */
  get size(): number {
    return this.#counts.size
  }

  /** One more, where there may be `most` (0: any, and none is counted): what to call when it is gone; null: there are too many. */
  enter(address: string, most: number): (() => void) | null {
    if (most === 0) return uncounted
    const network = networkOf(address)
    const count = this.#counts.get(network) ?? 0
    if (count >= most) return null
    this.#counts.set(network, count + 1)
    return () => this.#leave(network)
  }

  #leave(network: string): void {
    const left = (this.#counts.get(network) ?? 0) - 1
    if (left > 0) this.#counts.set(network, left)
    else this.#counts.delete(network)
  }
}

function uncounted(): void {}
