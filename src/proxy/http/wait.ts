import type { RequestHead } from './api.js'
import type { HeldRequests } from './held-requests.js'
import { WINDOW } from './http2/settings.js'
import type { TargetPool } from './target.js'

/** How often an upstream that may be restarting is tried, ms. */
const POLL_MS = 100
/** What a socket may have given of a body by HTTP/1.1 before it is paused. */
const READ_AHEAD = 64 * 1024

/** A request that waits for somebody to serve it: its place among all that do. */
export class Wait {
  readonly #leave: () => void
  #stop: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null

  private constructor(leave: () => void) {
    this.#leave = leave
  }

  /** Null: too many wait already. */
  static enter(held: HeldRequests, head: RequestHead): Wait | null {
    const headBytes = head.headers.reduce((sum, part) => sum + part.length + 2, head.target.length)
    const leave = held.enter(headBytes + waitingBytes(head))
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

/** What may have come of a body that nobody takes yet, bytes. */
function waitingBytes({ body, version }: RequestHead): number {
  if (body === 'none') return 0
  const most = version === '2' ? WINDOW : READ_AHEAD
  return body === 'unknown' ? most : Math.min(body, most)
}
