import type { Clock } from '../../core/clock.js'

const EVERY_MS = 500

/** What is waited for now: one thing, or nothing. */
export class Deadline {
  /** When it must be over, ms of the clock; Infinity: it may take as long as it likes now. Read at each look. */
  deadline = Infinity
  /** Its neighbours, for `Deadlines`: a list costs a request nothing, a set costs it two look-ups. */
  next: Deadline | null = null
  previous: Deadline | null = null
  #act: (() => void) | null = null

  /** `act` is called when `off` is not by then, ms of the clock. What was waited for before is not any more. */
  expect(deadline: number, act: () => void): void {
    this.deadline = deadline
    this.#act = act
  }

  off(): void {
    this.deadline = Infinity
    this.#act = null
  }

  onDeadline(): void {
    const act = this.#act
    this.off()
    act?.()
  }
}

/** Looks at many deadlines with one timer, twice a second. */
export class Deadlines {
  readonly #clock: Clock
  #first: Deadline | null = null
  #size = 0
  #timer: NodeJS.Timeout | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  /** Takes one that nobody has. */
  add(deadline: Deadline): void {
    const first = this.#first
    deadline.next = first
    if (first !== null) first.previous = deadline
    this.#first = deadline
    this.#size++
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS).unref()
  }

  /** Gives one back, once. */
  delete(deadline: Deadline): void {
    const { next, previous } = deadline
    if (previous === null) this.#first = next
    else previous.next = next
    if (next !== null) next.previous = previous
    deadline.next = deadline.previous = null
    this.#size--
  }

  #look(): void {
    const now = this.#clock.now()
    const due: Deadline[] = []
    for (let each = this.#first; each !== null; each = each.next) if (each.deadline <= now) due.push(each)
    // Some of them may be off, or be gone, because of others.
    for (const each of due) if (each.deadline <= now) each.onDeadline()
    if (this.#size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
