import type { Carrier } from './carrier.js'
import type { RingMember } from './egress.js'
import type { SessionOptions } from './options.js'

/**
 * A lane may have `stripeUnderWay` bytes under way, or so many round trips of what its carrier delivers: one on the way, up
 * to one until the next probe leaves, one for its answer, and one to find out whether there is more to be had. The
 * kernel's buffers would take megabytes for a carrier that a loss has made slow, and all that is behind them would wait.
 */
const ROUND_TRIPS_UNDER_WAY = 4

/** Below this, what is unacknowledged on a carrier is pings, and no load. */
const IDLE_BYTES = 64 * 1024

/** What a stripe needs of its stream. */
export interface StripedStream {
  /** Where it is at home: the last to go on with. */
  readonly carrier: Carrier
  /** Something is queued, and there is credit for it. */
  readonly sendable: boolean
  /** While it is `sendable`: sends up to `max` bytes of the queue on `carrier`, with their offset. Returns how many. */
  sendOn(carrier: Carrier, max: number): number
}

/** How much of it goes where. */
export type StripeBounds = Pick<SessionOptions, 'stripeChunk' | 'stripeUnderWay'>

/**
 * One stream over several carriers. Each is a lane; the next chunk goes to the one with the fewest unacknowledged bytes,
 * which waits in its carrier's ring like a stream of its own. What is written bit by bit makes up one chunk as well: the
 * receiver bounds the pieces in which a stream comes out of order.
 */
export class Stripe {
  readonly bounds: StripeBounds
  readonly #stream: StripedStream
  readonly #lanes = new Map<Carrier, Lane>()
  /** Turns that lanes have had. */
  #turns = 0
  #waking = false
  /** The lane of the chunk that was begun last, and what of it was handed out. */
  #last: Lane | null = null
  #chunk = 0

  constructor(stream: StripedStream, bounds: StripeBounds) {
    this.#stream = stream
    this.bounds = bounds
  }

  add(carrier: Carrier): void {
    if (this.#lanes.has(carrier)) return
    const lane = new Lane(this, carrier)
    this.#lanes.set(carrier, lane)
    carrier.lanes.add(lane)
  }

  /** Hands out what is queued, as long as a lane has room: there is more, or credit, or something has arrived. */
  wake(): void {
    if (this.#waking) return
    this.#waking = true
    for (const lane of this.#lanes.values()) if (!this.#usable(lane.carrier)) this.#drop(lane)
    while (this.#stream.sendable) {
      const lane = this.#next()
      if (lane === null) break
      const turns = this.#turns
      lane.carrier.egress.wait(lane)
      if (this.#turns === turns && !lane.inRing) this.#drop(lane)
    }
    if (this.#stream.sendable) this.#askForRoom()
    this.#waking = false
  }

  /** Something waits: lanes that are full learn what has arrived, also of what others have written on their carriers. */
  #askForRoom(): void {
    for (const lane of this.#lanes.values()) if (lane.room <= 0) lane.carrier.probes.probeIfDue()
  }

  /** For a lane: it is its turn. */
  send(lane: Lane, room: number): void {
    const { stripeChunk } = this.bounds
    this.#turns++
    if (lane !== this.#last || this.#chunk >= stripeChunk) this.#chunk = 0
    this.#last = lane
    let left = Math.min(stripeChunk - this.#chunk, room)
    while (left > 0 && this.#stream.sendable) {
      const sent = this.#stream.sendOn(lane.carrier, left)
      left -= sent
      this.#chunk += sent
    }
    this.wake()
  }

  /** It goes on over the carrier where it is at home alone. */
  narrow(): void {
    for (const lane of this.#lanes.values()) if (lane.carrier !== this.#stream.carrier) this.#drop(lane)
    this.wake()
  }

  /** Bytes on its carriers that the other side is not known to have. */
  get unacknowledged(): number {
    let bytes = 0
    for (const { carrier } of this.#lanes.values()) bytes += carrier.unacknowledged
    return bytes
  }

  close(): void {
    for (const lane of this.#lanes.values()) this.#drop(lane)
  }

  /** A carrier that retires takes nothing new, but lives until the streams that are at home on it are through. */
  #usable(carrier: Carrier): boolean {
    const { closed, retiring, peerRetiring } = carrier
    return !closed && ((!retiring && !peerRetiring) || carrier === this.#stream.carrier)
  }

  /** Who gets the next bytes: the rest of a chunk whose lane has room, or a new one. */
  #next(): Lane | null {
    let best: Lane | null = null
    for (const lane of this.#lanes.values()) {
      if (lane.inRing || lane.room <= 0) continue
      if (lane === this.#last && this.#chunk < this.bounds.stripeChunk) return lane
      if (best === null || lane.carrier.unacknowledged < best.carrier.unacknowledged) best = lane
    }
    return best
  }

  #drop(lane: Lane): void {
    this.#lanes.delete(lane.carrier)
    lane.carrier.lanes.delete(lane)
  }
}

/** Carriers that a bulk stream on `home` may take as well, since nothing else does. One stays free, for small streams. */
export function idleBeside(home: Carrier, carriers: readonly Carrier[]): Carrier[] {
  const usable = carriers.filter(({ closed, retiring, peerRetiring }) => !closed && !retiring && !peerRetiring)
  const striped = usable.filter(({ lanes }) => lanes.size > 0).length
  const idle = usable.filter((other) => other !== home && other.lanes.size === 0 && other.unacknowledged < IDLE_BYTES)
  return idle.slice(0, Math.max(0, usable.length - 1 - Math.max(1, striped)))
}

/** A stream's part of one carrier. */
export class Lane implements RingMember {
  inRing = false
  readonly carrier: Carrier
  readonly #stripe: Stripe

  constructor(stripe: Stripe, carrier: Carrier) {
    this.#stripe = stripe
    this.carrier = carrier
  }

  /** Bytes that it may take now. */
  get room(): number {
    const { rate, leastRtt, unacknowledged } = this.carrier.probes
    const most = rate === null || leastRtt === null ? 0 : ROUND_TRIPS_UNDER_WAY * rate * leastRtt
    return Math.max(this.#stripe.bounds.stripeUnderWay, Math.floor(most)) - unacknowledged
  }

  /** For its carrier: what was on its way has arrived. */
  onArrived(): void {
    this.#stripe.wake()
  }

  sendTurn(): boolean {
    const { room } = this
    if (room > 0 && this.carrier.lanes.has(this)) this.#stripe.send(this, room)
    else this.#stripe.wake() // a replay took the room while it waited
    return false
  }
}
