import type { RequestHead } from './api.js'
import type { HeldRequests } from './held-requests.js'
import type { TargetPool } from './target.js'

/** How often an upstream that may be restarting is tried, ms. */
const POLL_MS = 100

/** A request that waits for somebody to serve it: its place among all that do. */
export class Wait {
  readonly #leave: () => void
  #stop: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null

  private constructor(leave: () => void) {
    this.#leave = leave
  }

  /** Null: too many wait already. */
  static enter(held: HeldRequests, { target, headers, body }: RequestHead): Wait | null {
    const bytes = headers.reduce((sum, part) => sum + part.length + 2, target.length)
    const leave = held.enter(bytes, body !== 'none')
    return leave === null ? null : new Wait(leave)
  }

  /** Calls `again` once: when those behind the pool change; with `poll`, after a moment at the latest. */
  until(pool: TargetPool, poll: boolean, again: () => void): void {
    this.#clear()
    const go = (): void => {
      this.#clear()
      again()
    }
    this.#stop = pool.onChange(go)
    if (poll) this.#timer = setTimeout(go, POLL_MS)
  }

  /** It waits no more. Safe to call twice. */
  leave(): void {
    this.#clear()
    this.#leave()
  }

  #clear(): void {
    this.#stop?.()
    this.#stop = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
