import type { ClientAuthorities } from '../config/index.js'
import { PathTable } from '../routing/index.js'
import { Pool, type Servable } from './pool.js'
import type { Tunnel } from './tunnel.js'

/** One host name (or wildcard) of `http` tunnels: its path prefixes, each with the agents behind it. */
export class Site<T extends Servable = Tunnel> {
  readonly host: string
  /** The token that has the name, and its account. */
  readonly tokenId: string
  readonly accountId: string
  /** Authorities for the certificates that its visitors are asked for; null: they are asked for none. */
  clientAuthorities: ClientAuthorities | null = null
  readonly #paths = new PathTable<Pool<T>>()
  /** Until when no other token may have the name, while it has no agent; ms of the clock. */
  #reservedUntil = Infinity

  constructor(host: string, token: { readonly id: string; readonly accountId: string }) {
    this.host = host
    this.tokenId = token.id
    this.accountId = token.accountId
  }

  /** The agents for a request's path. undefined: no tunnel of this host serves it. */
  find(path: string): Pool<T> | undefined {
    return this.#paths.find(path)
  }

  /** The agents of exactly this prefix; made when there are none. */
  pool(prefix: string): Pool<T> {
    let pool = this.#paths.get(prefix)
    if (pool === undefined) this.#paths.set(prefix, (pool = new Pool<T>(this, prefix)))
    return pool
  }

  pools(): Pool<T>[] {
    return this.#paths.targets()
  }

  /** Every tunnel of the host. */
  tunnels(): T[] {
    return this.pools().flatMap((pool) => pool.members.map(({ tunnel }) => tunnel))
  }

  /** Whether it belongs to nobody any more: no agent, and the time to come back is over. */
  isFree(now: number): boolean {
    return now >= this.#reservedUntil
  }

  /** A tunnel was bound: it is in use again. */
  claimed(): void {
    this.#reservedUntil = Infinity
  }

  /**
   * A tunnel is gone. A path without any agent stays for as long as requests may wait for one, and longer when it was
   * the last of the host, so that visitors are told that the agent is away.
   */
  released(pool: Pool<T>, now: number): void {
    if (pool.members.length > 0) return
    if (this.tunnels().length === 0) this.#reservedUntil = now + pool.holdMs
    else if (pool.holdMs === 0) this.#paths.delete(pool.path)
  }
}
