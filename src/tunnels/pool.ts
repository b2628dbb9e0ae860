import type { Site } from './site.js'
import type { Tunnel } from './tunnel.js'

/** What can be one of several behind an address. */
export interface Servable {
  readonly available: boolean
}

/** How requests are given out among the agents of one address. */
export interface Balance {
  readonly policy: 'none' | 'round-robin' | 'least-connections'
  /** A visitor stays with the agent that served it first. */
  readonly sticky: boolean
}

/** First and longest time that an agent which failed is left out, ms. */
const LEFT_OUT_MS = 1_000
const LONGEST_MS = 30_000

/** One tunnel among those that serve the same address, and how it fared. */
export class PoolMember<T extends Servable = Tunnel> {
  readonly pool: Pool<T>
  readonly tunnel: T
  readonly weight: number
  /** What a sticky visitor's cookie says; the same after the agent has come back. */
  readonly key: string
  /** Requests that it has now. */
  active = 0
  /** For the smooth weighted round robin. */
  current = 0
  #failures = 0
  #leftOutUntil = -Infinity
  /** Since when its upstream has not taken a connection, ms of the clock; null: it does. */
  #downSince: number | null = null
  /** Its upstream answered at least once. */
  #proven = false

  constructor(pool: Pool<T>, tunnel: T, weight: number, key: string) {
    this.pool = pool
    this.tunnel = tunnel
    this.weight = weight
    this.key = key
  }

  isLeftOut(now: number): boolean {
    return now < this.#leftOutUntil
  }

  /** It did not serve a request: the others come first for a while, for longer each time. */
  failed(now: number): void {
    // Those that fail together count as one.
    if (this.isLeftOut(now)) return
    this.#leftOutUntil = now + Math.min(LEFT_OUT_MS * 2 ** this.#failures, LONGEST_MS)
    this.#failures++
    this.#downSince ??= now
  }

  /** It answered. */
  worked(): void {
    this.#failures = 0
    this.#leftOutUntil = -Infinity
    this.#downSince = null
    this.#proven = true
  }

  /**
   * Since when an upstream that once answered has not: it may be about to come back. null: it answers, or never did,
   * and waiting for it makes no sense.
   */
  get restartingSince(): number | null {
    return this.#proven ? this.#downSince : null
  }
}

/** The agents behind one host and path. Pure, apart from telling those who wait that something changed. */
export class Pool<T extends Servable = Tunnel> {
  readonly site: Site<T>
  readonly path: string
  balance: Balance = { policy: 'none', sticky: false }
  /** How long requests may wait while nobody can serve them, ms. */
  holdMs = 0
  /** Since when nobody is behind it, ms of the clock; null: somebody is. */
  emptySince: number | null = null
  readonly #members: PoolMember<T>[] = []
  #waiting = new Set<() => void>()

  constructor(site: Site<T>, path: string) {
    this.site = site
    this.path = path
  }

  get members(): readonly PoolMember<T>[] {
    return this.#members
  }

  /** One more; those who wait are told by `wake`, once its agent knows of it. */
  add(member: PoolMember<T>): void {
    this.#members.push(member)
    this.emptySince = null
  }

  /** `tunnel` is about to be removed for good: without another one, nobody waits. */
  giveUp(tunnel: T): void {
    if (this.#members.every((member) => member.tunnel === tunnel)) this.holdMs = 0
  }

  remove(tunnel: T, now: number): void {
    const at = this.#members.findIndex((member) => member.tunnel === tunnel)
    if (at >= 0) this.#members.splice(at, 1)
    if (this.#members.length === 0) this.emptySince ??= now
    this.wake()
  }

  /**
   * The member for a request: the one of the cookie `key`, else by the policy. One that failed of late comes only when
   * there is no other. undefined when there is none besides those in `except`.
   */
  pick(now: number, except: ReadonlySet<PoolMember<T>>, key: string | null): PoolMember<T> | undefined {
    const members = this.#members
    const only = members.length === 1 ? members[0] : undefined
    if (only !== undefined) return only.tunnel.available && !except.has(only) ? only : undefined
    const able = members.filter((member) => member.tunnel.available && !except.has(member))
    const healthy = able.filter((member) => !member.isLeftOut(now))
    const candidates = healthy.length > 0 ? healthy : able
    const own = key === null ? undefined : candidates.find((member) => member.key === key)
    if (own !== undefined) return own
    return this.balance.policy === 'least-connections' ? leastBusy(candidates) : nextInTurn(candidates)
  }

  /** Calls `listener` once, at the next change of who can serve. Returns what takes it back. */
  onChange(listener: () => void): () => void {
    this.#waiting.add(listener)
    return () => this.#waiting.delete(listener)
  }

  /** Who can serve may have changed. */
  wake(): void {
    if (this.#waiting.size === 0) return
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const listener of waiting) listener()
  }
}

/** Smooth weighted round robin: each gains its weight, the richest is chosen and pays the sum. */
function nextInTurn<T extends Servable>(members: readonly PoolMember<T>[]): PoolMember<T> | undefined {
  let best: PoolMember<T> | undefined
  let total = 0
  for (const member of members) {
    member.current += member.weight
    total += member.weight
    if (best === undefined || member.current > best.current) best = member
  }
  if (best !== undefined) best.current -= total
  return best
}

function leastBusy<T extends Servable>(members: readonly PoolMember<T>[]): PoolMember<T> | undefined {
  const least = Math.min(...members.map(({ active, weight }) => active / weight))
  return nextInTurn(members.filter(({ active, weight }) => active / weight === least))
}
