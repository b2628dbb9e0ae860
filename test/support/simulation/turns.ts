/** A timer, or an interval (`every` > 0), that waits for its time. */
interface Timer {
  at: number
  readonly every: number
  readonly run: () => void
  unref(): Timer
}

type Globals = Pick<typeof globalThis, 'setImmediate' | 'setTimeout' | 'setInterval' | 'clearTimeout' | 'clearInterval'>

/**
 * Timers and turns of the event loop that come when a test says so. While `run` runs, which must be synchronous, they
 * stand in for those of the process, so that a history of many seconds takes microseconds and is the same every time.
 */
export class Turns {
  #now = 0
  #immediates: (() => void)[] = []
  readonly #timers = new Set<Timer>()

  /** Milliseconds: a `Clock`. */
  now(): number {
    return this.#now
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size
  }

  /** Calls `what` with the timers of this object in the place of the process's. */
  run<T>(what: () => T): T {
    const { setImmediate, setTimeout, setInterval, clearTimeout, clearInterval } = globalThis
    const ours = {
      setImmediate: (run: () => void) => this.#immediates.push(run),
      setTimeout: (run: () => void, ms: number) => this.#add(run, ms, 0),
      setInterval: (run: () => void, ms: number) => this.#add(run, ms, ms),
      clearTimeout: (timer: Timer) => this.#timers.delete(timer),
      clearInterval: (timer: Timer) => this.#timers.delete(timer),
    }
    Object.assign(globalThis, ours as unknown as Globals)
    try {
      return what()
    } finally {
      Object.assign(globalThis, { setImmediate, setTimeout, setInterval, clearTimeout, clearInterval })
    }
  }

  /** Runs what waits for the next turn of the event loop. True: something did. */
  turn(): boolean {
    const due = this.#immediates
    if (due.length === 0) return false
    this.#immediates = []
    for (const run of due) run()
    return true
  }

  /** Lets `ms` pass; timers run in the order of their times. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      let next: Timer | null = null
      for (const timer of this.#timers) if (timer.at <= until && (next === null || timer.at < next.at)) next = timer
      if (next === null) break
      this.#now = Math.max(this.#now, next.at)
      if (next.every > 0) next.at += next.every
      else this.#timers.delete(next)
      next.run()
    }
    this.#now = until
  }

  #add(run: () => void, ms: number, every: number): Timer {
    const timer: Timer = { at: this.#now + ms, every, run, unref: () => timer }
    this.#timers.add(timer)
    return timer
  }
}
