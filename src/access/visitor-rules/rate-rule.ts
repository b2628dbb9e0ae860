import type { Rate } from '../../config/index.js'
import type { Clock } from '../../core/clock.js'
import type { Code } from '../../core/error-codes.js'
import { TokenBucket } from '../../core/token-bucket.js'
import { networkOf } from '../failed-logins.js'
import { BoundedMap } from '../../core/bounded-map.js'
import { refusalFor, type Refusal } from './refusal.js'

/** How many visitors are counted at once; the one that was away longest is forgotten first. */
export const COUNTED_VISITORS = 10_000
const REMEMBERED_NETWORKS = 1024

/** How many requests a tunnel takes. */
export class TunnelRate {
  readonly #bucket: TokenBucket
  readonly #refusal: Refusal

  constructor(rate: Rate, clock: Clock) {
    this.#bucket = new TokenBucket(clock, rate)
    this.#refusal = tooMany(rate, 'UR_TUNNEL_RATE')
  }

  /** Counts a request; null: it may pass. */
  take(): Refusal | null {
    return this.#bucket.take() ? null : this.#refusal
  }
}

/** How many requests one visitor may send: one IPv4 address, or the /64 of an IPv6 one, as that is one customer's. */
export class VisitorRate {
  readonly #rate: Rate
  readonly #clock: Clock
  readonly #refusal: Refusal
  readonly #visitors = new BoundedMap<TokenBucket>(COUNTED_VISITORS)
  /** Of the last IPv6 addresses: a connection has one address and many requests. */
  readonly #networks = new BoundedMap<string>(REMEMBERED_NETWORKS)

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#refusal = tooMany(rate, 'UR_VISITOR_RATE')
  }

  /** Visitors that are counted. */
  get size(): number {
    return this.#visitors.size
  }

  /** Counts a request from that address; null: it may pass. */
  take(address: string): Refusal | null {
    const visitor = address.includes(':') ? this.#networkOf(address) : address
    let bucket = this.#visitors.get(visitor)
    if (bucket === undefined) this.#visitors.set(visitor, (bucket = new TokenBucket(this.#clock, this.#rate)))
    return bucket.take() ? null : this.#refusal
  }

  #networkOf(address: string): string {
    let network = this.#networks.get(address)
    if (network === undefined) this.#networks.set(address, (network = networkOf(address)))
    return network
  }
}

/** After `1 / perSecond` there is a token again, whoever takes it. */
function tooMany({ perSecond }: Rate, code: Code): Refusal {
  return refusalFor(1000 / perSecond, code)
}
