import type { Logger } from '../core/logger.js'
import type { NumberName } from '../metrics/index.js'
import { normaliseHost } from '../routing/index.js'
import type { ReservationRecord, ReservationRepository } from '../store/index.js'
import { ReservationBook } from './book.js'
import { DomainWatch, type ProofChange, type WatchRules } from './domain-watch.js'
import { ReservationFollower } from './follower.js'
import { NameGate, type NameRules } from './gate.js'

export interface NamesOptions {
  readonly reservations: Pick<ReservationRepository, 'changedSince' | 'noteProof'>
  /** The server's own name. */
  readonly domain: string
  readonly rules: NameRules
  /** How proofs are looked for, as it is now. */
  watch(): WatchRules
  /** A domain lapsed, or was proved for the first time or again: for the audit log. Must not throw. */
  onProof?(change: ProofChange, reservation: ReservationRecord): void
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

  constructor(options: NamesOptions) {
    const { reservations, domain, rules, watch, onChange, onProof, log, pollMs = 1000 } = options
    const own = normaliseHost(domain) ?? domain
    this.#book = new ReservationBook(own)
    this.gate = new NameGate(this.#book, own, rules)
    this.#follower = new ReservationFollower({ reservations, book: this.#book, log, pollMs, onChange })
    this.#watch = new DomainWatch({
      reservations,
      book: this.#book,
      log,
      rules: watch,
      ...(onProof === undefined ? {} : { onProof }),
    })
  }

  /** Fills the book from the database, and follows it. Throws StoreError. */
  async start(): Promise<void> {
    await this.#follower.start()
    this.#watch.start()
  }

  /** For the metrics page. */
  numbers(): Partial<Record<NumberName, number>> {
    return this.#book.numbers()
  }

  /** Call it before the store is closed. */
  async close(): Promise<void> {
    await Promise.all([this.#follower.close(), this.#watch.close()])
  }
}
