/** What the policy must know of one carrier. Counters are totals since the carrier's start. */
export interface CarrierLoad {
  /** Payload bytes that came in. */
  readonly bytesIn: number
  /** Bytes sent that the other side has not acknowledged yet. */
  readonly unacknowledged: number
  /** Open streams. */
  readonly streamCount: number
  /** One of the two sides wants no new streams on it. */
  readonly retiring: boolean
  readonly peerRetiring: boolean
}

/** Unacknowledged bytes from which on a carrier is taken to be filled by a bulk transfer. */
const BULK_UNACKED = 256 * 1024
/** Bytes per stream and second from which on what comes in is a bulk transfer, and not many small answers. */
const BULK_RATE = 256 * 1024
/** From this round trip on, losses and queues cost more than a further connection does, ms. */
const FAR_MS = 5
/**
 * A carrier that is asked for comes after three round trips: the message and the Attach are half of one each, TCP and
 * TLS one each. Who comes when half of that is over may wait for the rest, and for one more.
 */
const WAIT_FROM_TRIPS = 1.5
const WAIT_TO_TRIPS = 4
/** Carriers that there are as soon as there is a visitor: a bulk stream that comes later shall not share the first. */
const LEAST_IN_USE = 2
/** Differences below this are noise: pings and answers under way. */
const LOAD_STEP = 64 * 1024
/** Carriers that stood idle for so long are given back, ms. */
export const GIVE_BACK_MS = 60_000

/**
 * How many carriers a session should have. Pure: the clock comes with every call.
 * One at rest; two in use; one more than are filled by bulk, so that a new stream finds an idle one; and all of them
 * over a long path, because there streams on one carrier wait for each other's losses, and further carriers take long.
 */
export class CarrierPolicy<Carrier extends CarrierLoad> {
  readonly #limit: number
  #wanted = 1
  #neededAt: number
  #grownAt = -Infinity
  #sampledAt: number
  /** The shortest round trip seen: that of the path, without what a busy machine adds. */
  #leastRtt: number | null = null
  #samples = new Map<Carrier, number>()
  #receiving = new Set<Carrier>()

  constructor(limit: number, now: number) {
    this.#limit = limit
    this.#neededAt = now
    this.#sampledAt = now
  }

  /** Carriers that the agent was last told to have. */
  get wanted(): number {
    return this.#wanted
  }

  /** Whether a bulk transfer fills this carrier now. */
  isBulk(carrier: Carrier): boolean {
    return carrier.unacknowledged >= BULK_UNACKED || this.#receiving.has(carrier)
  }

  /** A round trip that was measured, ms. */
  roundTrip(ms: number): void {
    if (this.#leastRtt === null || ms < this.#leastRtt) this.#leastRtt = ms
  }

  /** Looks at the counters; call it every quarter of a second or so while visitors are there. */
  sample(now: number, carriers: readonly Carrier[]): void {
    const seconds = (now - this.#sampledAt) / 1000
    if (seconds <= 0) return
    const samples = new Map<Carrier, number>()
    const receiving = new Set<Carrier>()
    for (const carrier of carriers) {
      const before = this.#samples.get(carrier)
      samples.set(carrier, carrier.bytesIn)
      if (before === undefined) continue
      const rate = (carrier.bytesIn - before) / seconds / Math.max(1, carrier.streamCount)
      if (rate >= BULK_RATE) receiving.add(carrier)
    }
    this.#samples = samples
    this.#receiving = receiving
    this.#sampledAt = now
  }

  /**
   * How many there should be now. `visitors`: open streams of visitors.
   * Falls back only after `GIVE_BACK_MS` in which fewer would have done.
   */
  decide(now: number, carriers: readonly Carrier[], visitors: number): number {
    let needed = 1
    for (const carrier of carriers) if (this.isBulk(carrier)) needed++
    if (visitors > 0) needed = Math.max(needed, this.#far ? this.#limit : LEAST_IN_USE)
    needed = Math.min(needed, this.#limit)
    if (needed > this.#wanted) this.#grownAt = now
    if (needed >= this.#wanted) {
      this.#wanted = needed
      this.#neededAt = now
    } else if (now - this.#neededAt >= GIVE_BACK_MS) {
      this.#wanted = needed
      this.#neededAt = now
    }
    return this.#wanted
  }

  /**
   * How long a new visitor should wait for a carrier of its own, ms. 0: not at all, which is so unless the path is long,
   * further carriers are about to come, and each one that is there has a stream.
   */
  wait(now: number, carriers: readonly Carrier[]): number {
    if (!this.#far || carriers.length >= this.#wanted) return 0
    for (const carrier of carriers) if (carrier.streamCount === 0) return 0
    const trips = (now - this.#grownAt) / (this.#leastRtt ?? 1)
    if (trips < WAIT_FROM_TRIPS || trips >= WAIT_TO_TRIPS) return 0
    return (WAIT_TO_TRIPS - trips) * (this.#leastRtt ?? 0)
  }

  get #far(): boolean {
    return this.#leastRtt !== null && this.#leastRtt >= FAR_MS
  }

  /**
   * The carrier for a new stream: the one with the fewest unacknowledged bytes, out of the way of what comes in;
   * of equals the one with the fewest streams, and of those the youngest, which has fewer old streams to disturb.
   */
  pick(carriers: readonly Carrier[]): Carrier | undefined {
    let best: Carrier | undefined
    let bestCost = Infinity
    for (const carrier of carriers) {
      if (carrier.retiring || carrier.peerRetiring) continue
      const load = carrier.unacknowledged + (this.#receiving.has(carrier) ? BULK_UNACKED : 0)
      const cost = Math.floor(load / LOAD_STEP)
      if (cost < bestCost || (cost === bestCost && best !== undefined && carrier.streamCount <= best.streamCount)) {
        best = carrier
        bestCost = cost
      }
    }
    return best
  }
}
