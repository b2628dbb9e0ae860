import type { Logger } from '../core/logger.js'
import type { CertificateFailure, CertificateRecord } from '../store/index.js'
import { order, type OrderContext, type OrderResult, type Wanted } from './order.js'
import { renewalTime, timeInWindow } from './renewal.js'
import { Slots } from './slots.js'
import { StoredCertificate } from './stored.js'

export interface KeeperOptions extends OrderContext {
  /** The certificate of the server itself: always wanted. null: there is none. */
  readonly own: Wanted | null
  /** Whether a name other than the server's own is to have a certificate, now that one is due. */
  isStillWanted(name: string): boolean
  /** Everything that can be served, whenever it changes; the server's own first, if it is there. */
  onChange(certificates: readonly StoredCertificate[]): void
  readonly onOrder: (result: OrderResult, name: string) => void
  readonly log: Logger
  /** Time between two looks at what is kept, and at what is due, ms. */
  readonly lookMs: number
}

/** Orders at once. */
const AT_ONCE = 4
/** Names that are waited for at once, on top of what is stored. */
const MOST_WANTED = 1_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * Keeps certificates: gets those that are wanted, renews them in time, tries again what failed, follows what other
 * processes get. One name never holds up another, nor the start.
 */
export class CertificateKeeper {
  readonly #options: KeeperOptions
  readonly #stored = new Map<string, StoredCertificate>()
  #failures = new Map<string, CertificateFailure>()
  /** Names that somebody waits for, until their certificate is there. */
  readonly #wanted = new Set<string>()
  readonly #running = new Map<string, Promise<void>>()
  /** Certificates of which an authority is being asked when to renew them. */
  readonly #asking = new Set<string>()
  readonly #slots = new Slots(AT_ONCE)
  readonly #end = new AbortController()
  #cursor = 0
  #storeFails = false
  #timer: NodeJS.Timeout | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Loads what is stored. Throws StoreError. */
  load(): Promise<void> {
    return this.#follow()
  }

  /** Begins to order what is missing or due: from then on authorities may come and ask. */
  start(): void {
    this.#orderDue()
    this.#wait()
  }

  /** Resolves when no order is under way any more: they are given up. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#end.abort(new Error('stopping'))
    await this.#turn
    await Promise.all(this.#running.values())
  }

  /**
   * Gets a certificate for a name of which somebody has shown that it is his. Resolves when it is there, or will not be
   * for now.
   */
  async want(name: string): Promise<void> {
    if (this.#stored.has(name) || this.#end.signal.aborted) return
    if (!this.#wanted.has(name) && this.#wanted.size >= MOST_WANTED) return
    this.#wanted.add(name)
    await this.#order({ name, names: [name] })
  }

  /** Settles with the order for a name that is under way; null: none is. */
  coming(name: string): Promise<void> | null {
    return this.#running.get(name) ?? null
  }

  /** What is stored and can be served. */
  get certificates(): readonly StoredCertificate[] {
    return [...this.#stored.values()]
  }

  /** What failed and was not mended since. */
  get failures(): readonly CertificateFailure[] {
    return [...this.#failures.values()]
  }

  /** Looks now at what is due. Resolves when that look is over; orders go on. */
  async look(): Promise<void> {
    try {
      await this.#follow()
      this.#storeFails = false
    } catch (error) {
      if (!this.#storeFails)
        this.#options.log.error({ error }, 'certificates: what is kept could not be read; those at hand stay')
      this.#storeFails = true
      return
    }
    this.#orderDue()
    this.#askDue()
  }

  #wait(): void {
    if (this.#end.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#turn = this.look().then(() => this.#wait())
    }, this.#options.lookMs)
  }

  async #follow(): Promise<void> {
    const { certificates } = this.#options
    const { cursor, records } = await certificates.changedSince(this.#cursor)
    const failures = await certificates.failures()
    this.#failures = new Map(failures.map((failure) => [failure.name, failure]))
    for (const record of records) await this.#take(record)
    this.#cursor = cursor
    if (records.length > 0) this.#serve()
  }

  async #take(record: CertificateRecord): Promise<void> {
    const { vault, log } = this.#options
    const { name } = record
    this.#failures.delete(name)
    try {
      if (!vault.knows(record.key)) await vault.refresh()
      this.#stored.set(name, new StoredCertificate(record, vault))
      this.#wanted.delete(name)
    } catch (error) {
      log.error({ name, error }, 'a certificate that is kept cannot be served; it is ordered anew')
      this.#stored.delete(name)
      this.#wanted.add(name)
    }
  }

  #serve(): void {
    const own = this.#stored.get(this.#options.own?.name ?? '')
    const others = [...this.#stored.values()].filter((certificate) => certificate !== own)
    this.#options.onChange(own ? [own, ...others] : others)
  }

  #orderDue(): void {
    const { own, isStillWanted } = this.#options
    const names = new Set([...this.#wanted, ...this.#stored.keys()].filter(isStillWanted))
    if (own !== null) names.delete(own.name)
    for (const name of this.#wanted) if (!names.has(name)) this.#wanted.delete(name)
    const others: Wanted[] = [...names].map((name) => ({ name, names: [name] }))
    for (const wanted of own === null ? others : [own, ...others]) {
      const stored = this.#stored.get(wanted.name)
      if (stored === undefined || this.#isDue(wanted, stored)) void this.#order(wanted)
    }
  }

  #isDue({ names }: Wanted, stored: StoredCertificate): boolean {
    return !stored.serves(names) || this.#options.now() >= renewalTime(stored, stored.record.renewAt)
  }

  /** Never rejects. */
  #order(wanted: Wanted): Promise<void> {
    const { name } = wanted
    const running = this.#running.get(name)
    if (running) return running
    const failure = this.#failures.get(name)
    if (failure && failure.nextAt > this.#options.now()) return Promise.resolve()
    const order = this.#slots
      .run(() => this.#orderNow(wanted))
      .catch((error: unknown) => {
        if (this.#end.signal.aborted) return
        this.#options.log.error({ name, error }, 'a certificate could not be ordered; it is tried again')
      })
      .finally(() => this.#running.delete(name))
    this.#running.set(name, order)
    return order
  }

  async #orderNow(wanted: Wanted): Promise<void> {
    const { onOrder, log } = this.#options
    const { name } = wanted
    const { signal } = this.#end
    signal.throwIfAborted()
    const result = await order(this.#options, wanted, (there) => !this.#isDue(wanted, there), signal)
    if ('record' in result) {
      await this.#take(result.record)
      this.#serve()
      onOrder(result, name)
      const { expiresAt, directory } = result.record
      if (result.kind === 'issued') log.info({ name, not_after: expiresAt, directory }, 'certificate issued')
      return
    }
    this.#failures.set(name, result.failure)
    onOrder(result, name)
    if (result.kind === 'failed') this.#logFailure(name, result)
  }

  #logFailure(name: string, { failure, error }: Extract<OrderResult, { kind: 'failed' }>): void {
    const { log } = this.#options
    const { code, failures, nextAt } = failure
    const expires = this.#stored.get(name)?.notAfter ?? null
    const fields = { name, code, failures, next_try: nextAt, not_after: expires, reason: error.message }
    log.error(fields, expires === null ? 'a certificate was not issued' : 'a certificate was not renewed')
  }

  #askDue(): void {
    const { own, isStillWanted, now } = this.#options
    for (const stored of this.#stored.values()) {
      const { name, askAt } = stored.record
      if (this.#asking.has(name) || (askAt !== null && askAt > now())) continue
      if (name === own?.name || isStillWanted(name)) void this.#ask(stored)
    }
  }

  /** Asks the authority when to renew a certificate. Never rejects. */
  async #ask({ record }: StoredCertificate): Promise<void> {
    const { issuer, certificates, now, random, log } = this.#options
    const { name, chain, directory, renewAt } = record
    this.#asking.add(name)
    try {
      const window = await this.#slots.run(() => issuer.renewalWindow(chain, directory, this.#end.signal))
      const at = window && timeInWindow(window, renewAt, random)
      const askAt = new Date(now().getTime() + (window?.askAgainMs ?? DAY_MS))
      await certificates.noteRenewal({ ...record, renewAt: at, askAt })
      if (at?.getTime() !== renewAt?.getTime()) log.info({ name, renew_at: at }, 'the authority said when to renew')
      await this.#follow()
      this.#orderDue()
    } catch (error) {
      if (this.#end.signal.aborted) return
      const askAt = new Date(now().getTime() + HOUR_MS)
      await certificates.noteRenewal({ ...record, askAt }).catch(() => undefined)
      log.debug({ name, error }, 'the authority did not say when to renew; it is asked again in an hour')
    } finally {
      this.#asking.delete(name)
    }
  }
}
