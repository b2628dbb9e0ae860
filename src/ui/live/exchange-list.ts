import type { ExchangeSummary } from '../../inspector/contract.js'

/** How many rows more than its limit a list may hold before its oldest are dropped, all at once. */
const SLACK = 500

/** Exchanges in the order of their ids, oldest first; at most about `limit`. */
export class ExchangeList {
  readonly rows: ExchangeSummary[] = []
  /** Rises when the oldest are dropped, falls when older ones are put before: `first + index` stays with a row. */
  first = 0
  /** Another number after each `clear`: what was a place then is none now. */
  generation = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get full(): boolean {
    return this.rows.length >= this.#limit
  }

  /** Index of the exchange, or -1. */
  find(id: string): number {
    const at = this.#lowest(id)
    return this.rows[at]?.id === id ? at : -1
  }

  /** Replaces the exchange if it is here; tells whether it was. */
  update(row: ExchangeSummary): boolean {
    const at = this.find(row.id)
    if (at >= 0) this.rows[at] = row
    return at >= 0
  }

  /** Puts it where its id belongs. */
  put(row: ExchangeSummary): void {
    const last = this.rows.at(-1)
    if (last === undefined || last.id < row.id) {
      this.rows.push(row)
    } else if (!this.update(row)) {
      const at = this.#lowest(row.id)
      this.rows.splice(at, 0, row)
      if (at === 0) this.first--
    }
    if (this.rows.length > this.#limit + SLACK) {
      this.rows.splice(0, SLACK)
      this.first += SLACK
    }
  }

  remove(id: string): void {
    const at = this.find(id)
    if (at >= 0) this.rows.splice(at, 1)
  }

  clear(): void {
    this.first = 0
    this.generation++
    this.rows.length = 0
  }

  #lowest(id: string): number {
    let low = 0
    let high = this.rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.rows[middle]?.id ?? '') < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
