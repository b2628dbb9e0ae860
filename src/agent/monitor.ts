import type { Clock } from '../core/clock.js'
import type { Carrier } from '../wire/index.js'

/** How often the monitor looks, ms. */
const LOOK_MS = 1_000
/** A look that comes so much too late means that the process or the machine was asleep, ms. */
const ASLEEP_MS = 5_000
/** The first carrier is pinged this long after the last answer, ms. */
const PING_MS = 5_000
/** An answer that is missing this long, with nothing else heard, is suspicious; sooner after a sleep or a change. */
const SUSPECT_MS = 4_000
const SUSPECT_AWAKE_MS = 1_500

export interface MonitorEvents {
  /** The process or the machine was asleep: nothing that was known of the network counts any more. */
  woke(): void
  /** The carrier may be dead: it is worth trying whether a new connection gets through. */
  suspect(): void
  /** It is alive after all. */
  recovered(): void
}

/**
 * Watches the carrier that bears the control stream more closely than the heartbeat of the wire, which alone decides
 * when a carrier is dead.
 */
export class Monitor {
  readonly #clock: Clock
  readonly #wallClock: () => number
  readonly #events: MonitorEvents
  readonly #timer: NodeJS.Timeout
  #carrier: Carrier | null = null
  #lookedAt: number
  #wallAt: number
  #pingedAt: number | null = null
  #pings = 0
  #answeredAt = -Infinity
  #patience = SUSPECT_MS
  #suspected = false

  /** `wallClock`: milliseconds since 1970. */
  constructor(clock: Clock, events: MonitorEvents, wallClock: () => number = Date.now) {
    this.#clock = clock
    this.#wallClock = wallClock
    this.#events = events
    this.#lookedAt = clock.now()
    this.#wallAt = wallClock()
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref()
  }

  /** Watches this carrier from now on; null: none. */
  watch(carrier: Carrier | null): void {
    this.#carrier = carrier
    this.#pingedAt = null
    this.#answeredAt = this.#clock.now()
    this.#suspected = false
    this.#patience = SUSPECT_MS
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#carrier = null
  }

  /**
   * The network of this machine changed: asks at once whether the carrier is still alive, and waits for less long. One
   * whose own address the machine no longer has (`isOwn`) is not waited for.
   */
  networkChanged(isOwn: (address: string) => boolean): void {
    const carrier = this.#carrier
    if (carrier === null || carrier.closed) return
    this.#patience = SUSPECT_AWAKE_MS
    this.#ping(carrier, this.#clock.now())
    const address = carrier.socket?.localAddress
    if (address !== undefined && !isOwn(address)) this.#suspect()
  }

  /** Called once a second by its own timer. */
  look(): void {
    const now = this.#clock.now()
    const wall = this.#wallClock()
    // The monotonic clock stands still while the machine sleeps, the wall clock does not.
    const late = Math.max(now - this.#lookedAt, wall - this.#wallAt) - LOOK_MS
    this.#lookedAt = now
    this.#wallAt = wall
    const woke = late > ASLEEP_MS
    if (woke) {
      this.#patience = SUSPECT_AWAKE_MS
      this.#pingedAt = null
      this.#events.woke()
    }
    const carrier = this.#carrier
    if (carrier === null || carrier.closed) return
    if (this.#pingedAt === null) {
      if (woke || now - this.#answeredAt >= PING_MS) this.#ping(carrier, now)
    } else if (now - this.#pingedAt >= this.#patience && !carrier.heard) {
      this.#suspect()
    }
  }

  #suspect(): void {
    if (this.#suspected) return
    this.#suspected = true
    this.#events.suspect()
  }

  #ping(carrier: Carrier, now: number): void {
    this.#pingedAt = now
    const number = ++this.#pings
    carrier.ping().then(
      () => this.#onAnswer(carrier, number),
      // It was closed, which the session tells its owner.
      () => undefined,
    )
  }

  #onAnswer(carrier: Carrier, number: number): void {
    // The answer to an earlier one may have been under way before the network changed.
    if (carrier !== this.#carrier || number !== this.#pings) return
    this.#pingedAt = null
    this.#answeredAt = this.#clock.now()
    this.#patience = SUSPECT_MS
    if (!this.#suspected) return
    this.#suspected = false
    this.#events.recovered()
  }
}
