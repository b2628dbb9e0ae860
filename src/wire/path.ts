import type { Carrier } from './carrier.js'
import type { Session } from './session.js'
import { StandingQueue } from './standing-queue.js'
import type { ReceiveWindow } from './window.js'
import type { WindowTuning } from './window-tuning.js'

/** What a session knows of the way between its ends, from the round trips of its quiet carriers. */
export class Path {
  readonly #session: Session
  readonly #queue = new StandingQueue()
  #probedAt = -Infinity

  constructor(session: Session) {
    this.#session = session
  }

  /** The way is another one. */
  restart(): void {
    this.#queue.restart()
  }

  /** For a carrier: a ping's round trip, ms, while it brought little else. */
  onQuietRoundTrip(rtt: number): void {
    this.#queue.sample(rtt, this.#now)
  }

  /** For a stream on `carrier`: an update of its window is due. */
  tuneWindow(carrier: Carrier, window: ReceiveWindow, tuning: WindowTuning): void {
    const now = this.#now
    const { leastRtt } = carrier.probes
    tuning.tune(window, { now, leastRtt, queue: this.#queue }, this.#session.options)
    if (this.#queue.far) this.#probeOthers(carrier, now)
  }

  /**
   * For a bulk stream on `carrier`, where streams are striped and the path is long enough for it (otherwise null): the
   * time, the round trip of the empty path, and whether it is full; ms.
   */
  look(carrier: Carrier): { now: number; roundTrip: number; full: boolean } | null {
    const { striping, stripes } = this.#session.options
    if (!striping || stripes === 'never' || !this.#queue.far) return null
    const now = this.#now
    this.#probeOthers(carrier, now)
    return { now, roundTrip: this.#queue.base, full: this.#queue.stands(now) }
  }

  get #now(): number {
    return this.#session.options.clock.now()
  }

  /** Asks carriers that may be quiet for their round trip. */
  #probeOthers(carrier: Carrier, now: number): void {
    if (now - this.#probedAt < this.#queue.base / 2) return
    this.#probedAt = now
    for (const other of this.#session.carriers) if (other !== carrier) other.probes.probe()
  }
}
