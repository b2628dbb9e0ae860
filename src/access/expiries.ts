/** How long after its expiry a token without a session is still remembered, ms: a login may just be under way. */
const LINGER_MS = 60_000

/** When the tokens end that logged in and do not live for ever. Times are those of the calendar, in ms. */
export class Expiries {
  readonly #now: () => number
  readonly #ends = new Map<string, number>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Remembers when a token ends; null: never. */
  note(id: string, end: Date | null): void {
    if (end === null) this.#ends.delete(id)
    else this.#ends.set(id, end.getTime())
  }

  /** Whether a token that was noted has ended. */
  isOver(id: string): boolean {
    const end = this.#ends.get(id)
    return end !== undefined && end <= this.#now()
  }

  /** Forgets tokens that ended some time ago, but for those among `live`. */
  forget(live: ReadonlySet<string>): void {
    for (const [id, end] of this.#ends) if (end + LINGER_MS <= this.#now() && !live.has(id)) this.#ends.delete(id)
  }
}
