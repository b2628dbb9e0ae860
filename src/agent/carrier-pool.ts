import { Backoff } from '../core/backoff.js'
import type { Logger } from '../core/logger.js'
import { UniRouteError } from '../core/errors.js'
import type { Carrier, Session } from '../wire/index.js'

/** How often superfluous carriers are looked at: whether they are idle by now, ms. */
const LOOK_MS = 5_000

export interface CarrierPoolOptions {
  readonly session: Session
  /** Bears the control stream: never given back. */
  readonly first: Carrier
  /** Carriers to have at the beginning, and the most there may be. */
  readonly wanted: number
  readonly limit: number
  /** Dials one more and adds it to the session. Must reject when the signal is aborted. */
  dial(signal: AbortSignal): Promise<void>
  readonly log: Logger
}

/** Keeps a session at the number of carriers that the server wants: dials those that are missing, gives idle ones back. */
export class CarrierPool {
  readonly #options: CarrierPoolOptions
  readonly #backoff = new Backoff({ baseMs: 500, maxMs: 15_000 })
  readonly #abort = new AbortController()
  #wanted: number
  #dialling = 0
  #retry: NodeJS.Timeout | null = null
  #look: NodeJS.Timeout | null = null

  constructor(options: CarrierPoolOptions) {
    this.#options = options
    this.#wanted = Math.min(options.wanted, options.limit)
  }

  /** How many the server would like. */
  want(carriers: number): void {
    this.#wanted = Math.max(1, Math.min(carriers, this.#options.limit))
    this.adjust()
  }

  /** Brings the number in order; call it when a carrier was lost. */
  adjust(): void {
    const { session } = this.#options
    if (this.#abort.signal.aborted || session.closed) return
    const live = session.carriers.filter((carrier) => !carrier.retiring && !carrier.peerRetiring)
    for (let have = live.length + this.#dialling; have < this.#wanted && this.#retry === null; have++) void this.#dial()
    const surplus = live.length - this.#wanted
    if (surplus > 0) this.#giveBack(live, surplus)
  }

  /** Dials no more, and leaves the carriers that there are. */
  stop(): void {
    this.#abort.abort()
    if (this.#retry !== null) clearTimeout(this.#retry)
    if (this.#look !== null) clearTimeout(this.#look)
  }

  async #dial(): Promise<void> {
    this.#dialling++
    try {
      await this.#options.dial(this.#abort.signal)
      this.#backoff.reset()
    } catch (error) {
      if (this.#abort.signal.aborted) return
      if (!(error instanceof UniRouteError)) throw error
      const delay = this.#backoff.next()
      this.#options.log.warn({ code: error.code, reason: error.message, retry_in_ms: delay }, 'no further carrier')
      this.#retry ??= setTimeout(() => {
        this.#retry = null
        this.adjust()
      }, delay)
      return
    } finally {
      this.#dialling--
    }
    this.adjust()
  }

  /** The newest go first, and only those without streams; the others are looked at again. */
  #giveBack(live: readonly Carrier[], surplus: number): void {
    const idle = live.filter((carrier) => carrier.streamCount === 0 && carrier !== this.#options.first)
    for (const carrier of idle.slice(-surplus)) carrier.retire()
    if (idle.length >= surplus || this.#look !== null) return
    this.#look = setTimeout(() => {
      this.#look = null
      this.adjust()
    }, LOOK_MS)
  }
}
