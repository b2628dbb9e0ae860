/** Visitors that wait a moment for a carrier of their own; the oldest goes first. */
export class WaitingRoom {
  #waiting: (() => void)[] = []
  #timer: NodeJS.Timeout | null = null

  /** Calls `go` when it is its turn, at the latest after `ms`. 0: now. */
  enter(go: () => void, ms: number): void {
    if (ms <= 0) return go()
    this.#waiting.push(go)
    this.#timer ??= setTimeout(() => this.letAllIn(), ms)
  }

  /** There is room for one. */
  letOneIn(): void {
    this.#waiting.shift()?.()
    if (this.#waiting.length === 0) this.#stop()
  }

  letAllIn(): void {
    this.#stop()
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
