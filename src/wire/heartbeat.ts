import { NetworkError } from '../core/errors.js'
import type { SessionOptions } from './options.js'
import type { Carrier } from './carrier.js'
import type { Session } from './session.js'

/** How often carriers are looked at within `deadMs`. */
const LOOKS = 12
/** A look that comes so many looks late was slept over; who slept waits for so many more before silence is death. */
const SLEPT_LOOKS = 6
const AWAKE_LOOKS = 4
/**
 * A carrier that can be replaced, and has brought nothing for so many looks while data waits on it, is dead. So is any
 * other that was as silent meanwhile: what breaks one path mostly breaks all, and data must not wait for each in turn.
 */
const WAITING_LOOKS = 4

/**
 * Finds dead carriers: one that was silent for `heartbeatMs` is pinged, one that was silent for `deadMs` is dropped.
 * Silence is counted in looks, not by the clock, so that a process that was stopped for an hour does not take its
 * own sleep for the other side's silence: it pings at once and waits some looks more.
 */
export class Heartbeat {
  readonly #session: Session
  readonly #options: SessionOptions
  readonly #everyMs: number
  #timer: NodeJS.Timeout | null = null
  #lookedAt = 0

  constructor(session: Session, options: SessionOptions) {
    this.#session = session
    this.#options = options
    this.#everyMs = options.deadMs / LOOKS
  }

  start(): void {
    if (this.#timer !== null) return
    this.#lookedAt = this.#options.clock.now()
    this.#timer = setInterval(() => this.#look(), this.#everyMs).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #look(): void {
    const now = this.#options.clock.now()
    const slept = now - this.#lookedAt > SLEPT_LOOKS * this.#everyMs
    this.#lookedAt = now
    this.#session.acknowledgeWaiting()
    this.#session.recovery.look()
    const carriers = [...this.#session.carriers]
    const waits = carriers.some(({ heard, probes }) => !heard && probes.awaitsArrival)
    for (const carrier of carriers) this.#lookAt(carrier, slept, waits)
  }

  /** `waits`: data waits in silence, on this carrier or another. */
  #lookAt(carrier: Carrier, slept: boolean, waits: boolean): void {
    carrier.silentLooks = carrier.heard ? 0 : carrier.silentLooks + 1
    carrier.waitingLooks = carrier.heard || !waits || slept ? 0 : carrier.waitingLooks + 1
    carrier.heard = false
    carrier.probes.probeIfWanted()
    if (slept) carrier.silentLooks = LOOKS - AWAKE_LOOKS
    const waited = this.#options.resumable && carrier.waitingLooks >= WAITING_LOOKS
    if (waited || carrier.silentLooks >= LOOKS) {
      const seconds = Math.round(((waited ? WAITING_LOOKS : LOOKS) * this.#everyMs) / 100) / 10
      carrier.destroy(
        new NetworkError(
          'UR_WIRE_TIMEOUT',
          `nothing came on the carrier for ${seconds} s, and a ping was not answered`,
        ),
      )
      return
    }
    const longSilent = carrier.silentLooks >= (LOOKS * this.#options.heartbeatMs) / this.#options.deadMs - 1
    if (slept || longSilent || waits || carrier.probes.awaitsArrival) carrier.probes.probe()
  }
}
