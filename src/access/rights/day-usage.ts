/** `2026-01-31`, in UTC. `ms`: milliseconds since 1970. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

const DAY_MS = 86_400_000

/** How many bytes a token's visitors moved on the day that it is, and which of them were not written down yet. */
export class DayUsage {
  readonly #now: () => number
  #day = ''
  /** Days since 1970 of `#day`. */
  #number = -1
  #bytes = 0
  /** Added, and not counted yet. */
  #fresh = 0
  #unwritten = 0
  #isLoaded = false

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether what is written down of the day that it is was taken over. */
  get isLoaded(): boolean {
    this.#settle()
    return this.#isLoaded
  }

  /** Bytes of today. */
  get bytes(): number {
    this.#settle()
    return this.#bytes
  }

  /** Of them, those that `written` was not told of. */
  get unwritten(): number {
    this.#settle()
    return this.#unwritten
  }

  /** The day that it is. */
  get day(): string {
    this.#settle()
    return this.#day
  }

  /** Until the next day, ms. */
  get leftMs(): number {
    return DAY_MS - (this.#now() % DAY_MS)
  }

  /** Called for every chunk: what day it is, is asked later. */
  add(bytes: number): void {
    this.#fresh += bytes
  }

  /** What was written down of `day` before this process wrote anything of it; the first time counts. */
  load(day: string, bytes: number): void {
    if (day !== this.day || this.#isLoaded) return
    this.#isLoaded = true
    this.#bytes += bytes
  }

  /** So many bytes of `day` are written down; with less than 0, they could not be after all. */
  written(day: string, bytes: number): void {
    if (day === this.day) this.#unwritten -= bytes
  }

  /** Counts what was added, to the day that it now is. */
  #settle(): void {
    const number = Math.floor(this.#now() / DAY_MS)
    if (number !== this.#number) {
      this.#number = number
      this.#day = dayOf(number * DAY_MS)
      this.#bytes = 0
      this.#unwritten = 0
      // A clock that is set back comes to a day that was counted before.
      this.#isLoaded = false
    }
    this.#bytes += this.#fresh
    this.#unwritten += this.#fresh
    this.#fresh = 0
  }
}
