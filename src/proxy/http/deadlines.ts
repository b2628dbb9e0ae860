import type { Clock } from '../../core/clock.js'

const EVERY_MS = 500

/** Something that must not take longer than until `deadline`, ms of the clock. */
export interface Timed {
  /** Infinity: it may take as long as it likes now. Read at each look, so that it can be moved without a timer. */
  readonly deadline: number
  onDeadline(): void
}

/** What is waited for now: one thing, or nothing. */
export class Deadline implements Timed {
  deadline = Infinity
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
  readonly #timed = new Set<Timed>()
  #timer: NodeJS.Timeout | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#timed.size
  }

  add(timed: Timed): void {
    this.#timed.add(timed)
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS).unref()
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed)
  }

  #look(): void {
    const now = this.#clock.now()
    for (const timed of this.#timed) if (timed.deadline <= now) timed.onDeadline()
    if (this.#timed.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
