import { systemClock, type Clock } from '../../core/clock.js'
import { StoreError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import { normaliseHost } from '../../routing/index.js'
import type { RightsChange, TokenUsageRepository } from '../../store/index.js'
import { dayOf } from './day-usage.js'
import { LiveRights } from './live-rights.js'

/** How many tokens are remembered that have no session. */
const REMEMBERED = 10_000
/** Days whose usage is kept in the store. */
const KEPT_DAYS = 31
const DAY_MS = 86_400_000

export interface RightsBookOptions {
  readonly usage: Pick<TokenUsageRepository, 'bytes' | 'add' | 'prune'>
  readonly log: Logger
  /** The server's own name. */
  readonly domain: string
  readonly clock?: Clock
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
  /** Time between two writes of what was used, ms: what a crash can forget. Default 10 000. */
  readonly writeMs?: number
}

/** The rights of every token that logged in, as they are now, and what it has used today. */
export class RightsBook {
  readonly #options: RightsBookOptions
  readonly #live: { readonly clock: Clock; readonly domain: string; now(): number }
  /** By token id; the one that logged in longest ago first. */
  readonly #tokens = new Map<string, LiveRights>()
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()
  #prunedOn = ''
  #failing = false

  constructor(options: RightsBookOptions) {
    const { clock = systemClock, now = Date.now, domain, writeMs = 10_000 } = options
    this.#options = options
    this.#live = { clock, now, domain: normaliseHost(domain) ?? domain }
    this.#timer = setInterval(() => void this.write(), writeMs)
    this.#timer.unref()
  }

  /**
   * Takes over what a token may do, from its login. Throws RefusedError UR_ACCOUNT_DISABLED, UR_RIGHTS_UNREADABLE; or
   * StoreError when it is not known how much it has used.
   */
  async login(token: RightsChange): Promise<void> {
    let rights = this.#tokens.get(token.id)
    if (rights === undefined) rights = new LiveRights(this.#live)
    else this.#tokens.delete(token.id)
    this.#tokens.set(token.id, rights)
    rights.apply(token)
    this.#forgetOldest()
    if (rights.barred !== null) throw rights.barred
    await this.#load(token.id, rights)
  }

  /** Takes over a change, where the token is known. Throws StoreError as `login`; the change counts all the same. */
  async change(token: RightsChange): Promise<void> {
    const rights = this.#tokens.get(token.id)
    if (rights === undefined) return
    rights.apply(token)
    await this.#load(token.id, rights)
  }

  /** Undefined: it has not logged in, or so long ago that it was forgotten. */
  find(tokenId: string): LiveRights | undefined {
    return this.#tokens.get(tokenId)
  }

  /** For a token that has just logged in. Throws StoreError UR_TOKEN_UNCHECKED when it was forgotten meanwhile. */
  of(tokenId: string): LiveRights {
    const rights = this.#tokens.get(tokenId)
    if (rights !== undefined) return rights
    throw new StoreError('UR_TOKEN_UNCHECKED', 'Too many agents log in at once. What to do: try again.')
  }

  /** Writes down what was used since the last time. What fails is logged, and written the next time. */
  write(): Promise<void> {
    return (this.#writing = this.#writing.then(() => this.#write()))
  }

  /** Writes for the last time. Call it before the store is closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.write()
  }

  async #load(id: string, rights: LiveRights): Promise<void> {
    const { usage } = rights
    if (!rights.countsBytes || usage.isLoaded) return
    const { day } = usage
    usage.load(day, await this.#options.usage.bytes(id, day))
  }

  async #write(): Promise<void> {
    const { usage, log } = this.#options
    if (!(await this.#loadAll())) return
    const used = [...this.#tokens]
      // Asked of all, so that what was added is counted on its day. Who is not loaded would count what is written twice.
      .filter(([, { usage, countsBytes }]) => usage.unwritten > 0 && countsBytes && usage.isLoaded)
      .map(([tokenId, rights]) => ({ tokenId, day: rights.usage.day, bytes: rights.usage.unwritten, rights }))
    for (const { day, bytes, rights } of used) rights.usage.written(day, bytes)
    try {
      await usage.add(used.map(({ tokenId, day, bytes }) => ({ tokenId, day, bytes })))
      this.#failing = false
    } catch (error) {
      for (const { day, bytes, rights } of used) rights.usage.written(day, -bytes)
      this.#logFailure(error)
      return
    }
    await this.#prune().catch((error: unknown) => log.warn({ error }, 'usage of long ago could not be deleted'))
  }

  /** A day that has begun, or is here again, has bytes that were written down: by others, or before the clock was set back. */
  async #loadAll(): Promise<boolean> {
    try {
      for (const [id, rights] of this.#tokens) if (rights.usage.unwritten > 0) await this.#load(id, rights)
      return true
    } catch (error) {
      this.#logFailure(error)
      return false
    }
  }

  #logFailure(error: unknown): void {
    const { log } = this.#options
    if (!this.#failing) log.error({ error }, 'what tokens have used today could not be written; it is tried again')
    this.#failing = true
  }

  async #prune(): Promise<void> {
    const now = this.#live.now()
    const today = dayOf(now)
    if (this.#prunedOn === today) return
    await this.#options.usage.prune(dayOf(now - KEPT_DAYS * DAY_MS))
    this.#prunedOn = today
  }

  #forgetOldest(): void {
    if (this.#tokens.size <= REMEMBERED) return
    for (const [id, { sessions, streams, countsBytes, usage }] of this.#tokens) {
      if (sessions > 0 || streams > 0 || (countsBytes && usage.unwritten > 0)) continue
      this.#tokens.delete(id)
      return
    }
  }
}
