import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import type { Clock } from '../core/clock.js'

/** An address of an upstream. */
export interface Address {
  readonly address: string
  readonly family: number
}

/** How long a resolved name is used, ms. */
const FRESH_MS = 5_000

const LOOPBACK: readonly Address[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

/**
 * Addresses of one upstream's host. `localhost` is both loopback addresses (RFC 6761 §6.3) without asking anyone; other
 * names are kept for five seconds, and visitors who come at the same time share one question.
 */
export class UpstreamNames {
  readonly #host: string
  readonly #clock: Clock
  #addresses: readonly Address[] | null = null
  #askedAt = -Infinity
  #asking: Promise<readonly Address[]> | null = null
  #favourite: string | null = null

  constructor(host: string, clock: Clock) {
    this.#host = host
    this.#clock = clock
    const family = isIP(host.replace(/%.*$/, ''))
    if (family !== 0) this.#fix([{ address: host, family }])
    else if (/^localhost\.?$/i.test(host)) this.#fix(LOOPBACK)
  }

  /** The addresses, or null when they have to be asked for. */
  get known(): readonly Address[] | null {
    return this.#clock.now() - this.#askedAt < FRESH_MS ? this.#addresses : null
  }

  /** The addresses are those of this machine's loopback. */
  get loopback(): boolean {
    return this.#addresses === LOOPBACK
  }

  /** Of several known addresses the one that worked last: worth a try of its own. */
  get favourite(): string | null {
    return this.known === null ? null : this.#favourite
  }

  /** Resolves the name. Rejects with the error of the system's resolver. */
  ask(): Promise<readonly Address[]> {
    this.#asking ??= lookup(this.#host, { all: true })
      .then((addresses) => {
        this.#askedAt = this.#clock.now()
        this.#favourite = null
        return (this.#addresses = addresses)
      })
      .finally(() => (this.#asking = null))
    return this.#asking
  }

  /** A connection was made: its address is the favourite from now on. */
  worked(socket: Socket): void {
    if (this.#favourite !== null || this.#addresses === null || this.#addresses.length < 2) return
    this.#favourite = socket.remoteAddress ?? null
  }

  /** A connection to the favourite was not made: the others are to be tried as well. */
  forget(address: string): void {
    if (this.#favourite === address) this.#favourite = null
  }

  #fix(addresses: readonly Address[]): void {
    this.#addresses = addresses
    this.#askedAt = Infinity
  }
}
