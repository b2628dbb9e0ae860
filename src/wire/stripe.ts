import type { Carrier } from './carrier.js'
import type { RingMember } from './egress.js'

/** The most that one turn of a lane takes. */
const CHUNK = 64 * 1024
/** A lane may always have so many unacknowledged bytes under way. */
const LEAST_UNDER_WAY = 512 * 1024
/**
 * And so many round trips of what its carrier delivers: one on the way, up to one until the next probe leaves, one for its
 * answer, and one to find out whether there is more to be had. The kernel's buffers would take megabytes for a carrier
 * that a loss has made slow, and all that is behind them would wait.
 */
const ROUND_TRIPS_UNDER_WAY = 4

/** What a stripe needs of its stream. */
export interface StripedStream {
  /** Something is queued, and there is credit for it. */
  readonly sendable: boolean
  /** Sends up to `max` bytes of the queue on `carrier`, with their offset. */
  sendOn(carrier: Carrier, max: number): void
}

/**
 * One stream over several carriers. Each is a lane; the next chunk goes to the one with the fewest unacknowledged bytes,
 * which waits in its carrier's ring like a stream of its own.
 */
export class Stripe {
  readonly #stream: StripedStream
  readonly #lanes = new Map<Carrier, Lane>()
  /** Handed out so far. */
  chunks = 0
  #waking = false

  constructor(stream: StripedStream) {
    this.#stream = stream
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
    for (const lane of this.#lanes.values()) if (!lane.usable) this.#drop(lane)
    while (this.#stream.sendable) {
      const lane = this.#emptiest()
      if (lane === null) break
      const { chunks } = this
      lane.carrier.egress.wait(lane)
      if (this.chunks === chunks && !lane.inRing) this.#drop(lane)
    }
    this.#waking = false
  }

  /** For a lane: it is its turn. */
  send(lane: Lane, room: number): void {
    this.chunks++
    this.#stream.sendOn(lane.carrier, Math.min(CHUNK, room))
    this.wake()
  }

  close(): void {
    for (const lane of this.#lanes.values()) this.#drop(lane)
  }

  #emptiest(): Lane | null {
    let best: Lane | null = null
    for (const lane of this.#lanes.values()) {
      if (lane.inRing || lane.room <= 0) continue
      if (best === null || lane.carrier.unacknowledged < best.carrier.unacknowledged) best = lane
    }
    return best
  }

  #drop(lane: Lane): void {
    this.#lanes.delete(lane.carrier)
    lane.carrier.lanes.delete(lane)
  }
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

  get usable(): boolean {
    const { closed, retiring, peerRetiring } = this.carrier
    return !closed && !retiring && !peerRetiring
  }

  /** Bytes that it may take now. */
  get room(): number {
    const { rate, leastRtt, unacknowledged } = this.carrier.probes
    const most = rate === null || leastRtt === null ? 0 : ROUND_TRIPS_UNDER_WAY * rate * leastRtt
    return Math.max(LEAST_UNDER_WAY, Math.floor(most)) - unacknowledged
  }

  /** For its carrier: what was on its way has arrived. */
  onArrived(): void {
    this.#stripe.wake()
  }

  sendTurn(): boolean {
    const { room } = this
    if (room > 0 && this.carrier.lanes.has(this)) this.#stripe.send(this, room)
    return false
  }
}
