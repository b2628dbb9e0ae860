import type { Logger } from '../core/logger.js'
import { normaliseHost } from '../routing/index.js'
import type { ReservationRepository } from '../store/index.js'
import { ReservationBook } from './book.js'
import { DomainWatch, type WatchRules } from './domain-watch.js'
import { ReservationFollower } from './follower.js'
import { NameGate, type NameRules } from './gate.js'

export interface NamesOptions {
  readonly reservations: Pick<ReservationRepository, 'changedSince' | 'noteProof'>
  /** The server's own name. */
  readonly domain: string
  readonly rules: NameRules
  /** How proofs are looked for, as it is now. */
  watch(): WatchRules
  /** What an account may have changed. Must not throw. */
  readonly onChange: () => void
  readonly log: Logger
  /** Time between two looks into the database, ms. Default 1000. */
  readonly pollMs?: number
}

/** Names and ports of a running server: the reservations as the database has them, whose they are, and their proofs. */
export class Names {
  readonly gate: NameGate
  readonly #book: ReservationBook
  readonly #follower: ReservationFollower
  readonly #watch: DomainWatch

  constructor({ reservations, domain, rules, watch, onChange, log, pollMs = 1000 }: NamesOptions) {
    const own = normaliseHost(domain) ?? domain
    this.#book = new ReservationBook(own)
    this.gate = new NameGate(this.#book, own, rules)
    this.#follower = new ReservationFollower({ reservations, book: this.#book, log, pollMs, onChange })
    this.#watch = new DomainWatch({ reservations, book: this.#book, log, rules: watch })
  }

  /** Fills the book from the database, and follows it. Throws StoreError. */
  async start(): Promise<void> {
    await this.#follower.start()
    this.#watch.start()
  }

  /** Call it before the store is closed. */
  async close(): Promise<void> {
    await Promise.all([this.#follower.close(), this.#watch.close()])
  }
}
