import type { Logger } from '../core/logger.js'
import type { ReservationRepository } from '../store/index.js'
import type { ReservationBook } from './book.js'

export interface FollowerOptions {
  readonly reservations: Pick<ReservationRepository, 'changedSince'>
  readonly book: ReservationBook
  readonly log: Logger
  /** Time between two looks, ms. */
  readonly pollMs: number
  /** Something in the book changed. Must not throw. */
  readonly onChange: () => void
}

/**
 * Keeps a book of reservations as the database has them, with one look into an index each turn. While the database is
 * away the book stays as it was; that is logged when it begins and when it is over.
 */
export class ReservationFollower {
  readonly #options: FollowerOptions
  #cursor = 0
  #failing = false
  #closed = false
  #timer: NodeJS.Timeout | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** Fills the book, and follows from then on. Throws StoreError. */
  async start(): Promise<void> {
    await this.#look()
    this.#wait()
  }

  /** Resolves when the look under way is over; there is no other. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#turn
  }

  #wait(): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => (this.#turn = this.#lookAgain()), this.#options.pollMs)
  }

  async #lookAgain(): Promise<void> {
    const { log } = this.#options
    try {
      await this.#look()
      if (this.#failing) log.info({}, 'the database answers again; changes of reservations are seen again')
      this.#failing = false
    } catch (error) {
      if (!this.#failing) log.error({ error }, 'the database failed; names and ports stay reserved as they are')
      this.#failing = true
    }
    this.#wait()
  }

  async #look(): Promise<void> {
    const { reservations, book, onChange } = this.#options
    const { cursor, records, released } = await reservations.changedSince(this.#cursor)
    this.#cursor = cursor
    for (const id of released) book.delete(id)
    for (const record of records) book.set(record)
    if (records.length + released.length > 0 && !this.#closed) onChange()
  }
}
