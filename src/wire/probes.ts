import type { Clock } from '../core/clock.js'
import type { Egress } from './egress.js'
import { FLAG_ACK, FLAG_SYN, HEADER_SIZE } from './frame.js'
import { PingBook } from './ping.js'

/** New bytes sent, after which a ping is worth its 12 bytes: it tells the round trip and what has arrived. */
const PROBE_BYTES = 64 * 1024
/**
 * No two probes closer than this, ms. Not more than the round trip of the shortest path on which streams are striped: a
 * full lane's next probe must be able to leave with the answer of the one before, or it waits for the heartbeat.
 */
const PROBE_GAP_MS = 5
/** A carrier that had less to bring before a ping, and brought less while it was under way, was a quiet one. */
const QUIET_BYTES = 32 * 1024

/** What is kept of the highest rate from one answer to the next. */
const RATE_KEPT = 0.9

/** What probes need of their carrier. */
export interface ProbedCarrier {
  readonly egress: Pick<Egress, 'written'>
  readonly closed: boolean
  /** Payload bytes received. */
  readonly bytesIn: number
  sendPing(flags: number, id: number): void
  /** The peer has everything up to this offset. */
  onArrived(offset: number): void
  /** A round trip, ms, while little else went or came. */
  onQuietRoundTrip(rtt: number): void
}

/** The pings of one carrier: for round trips, and for what has arrived, since a peer answers a ping behind what it parsed. */
export class Probes {
  readonly #carrier: ProbedCarrier
  readonly #clock: Clock
  readonly #pings: PingBook
  #rate: number | null = null
  #answeredAt = -Infinity
  #sentAt = -Infinity
  #wanted = false
  /** The offset behind which the last probe was sent, and up to which all is known to have arrived. */
  #probed = 0
  #arrived = 0
  /** Bytes of pings and answers: sent; when the last probe left; seen to have arrived. */
  #pingBytes = 0
  #probedPingBytes = 0
  #arrivedPingBytes = 0

  constructor(carrier: ProbedCarrier, clock: Clock) {
    this.#carrier = carrier
    this.#clock = clock
    this.#pings = new PingBook(clock)
  }

  /** Smoothed round trip, queues included, ms; null before the first answer. */
  get rtt(): number | null {
    return this.#pings.rtt
  }

  /** The shortest round trip of late, ms; null before the first answer. */
  get leastRtt(): number | null {
    return this.#pings.leastRtt
  }

  /** The most that was delivered of late, bytes/ms; null while unknown. */
  get rate(): number | null {
    return this.#rate
  }

  /** Bytes given to the socket that the other side has not yet been seen to have. */
  get unacknowledged(): number {
    return this.#carrier.egress.written - this.#arrived
  }

  /** Something besides pings has not been seen to arrive. */
  get awaitsArrival(): boolean {
    return this.unacknowledged > this.#pingBytes - this.#arrivedPingBytes
  }

  /** Pings the peer and resolves with the round trip, ms. Rejects when the carrier closes. */
  ping(): Promise<number> {
    return new Promise((resolve, reject) => this.#send({ resolve, reject }))
  }

  /**
   * Pings, for the round trip and for `unacknowledged`. While one is under way, or was a moment ago, it waits for the
   * next bytes that come, or for the heartbeat.
   */
  probe(): void {
    if (this.#carrier.closed) return
    const now = this.#clock.now()
    this.#wanted = this.#pings.probing || now - this.#sentAt < PROBE_GAP_MS
    if (this.#wanted) return
    this.#sentAt = now
    this.#probed = this.#carrier.egress.written
    this.#probedPingBytes = this.#pingBytes
    this.#send(null)
  }

  /** Sends a probe that had to wait. */
  probeIfWanted(): void {
    if (this.#wanted) this.probe()
  }

  /** Probes when enough was sent since the last time. */
  probeIfDue(): void {
    if (this.#carrier.egress.written - this.#probed >= PROBE_BYTES) this.probe()
  }

  /** A ping or its answer came. */
  onPing(flags: number, id: number): void {
    if (flags & FLAG_SYN) {
      this.#pingBytes += HEADER_SIZE
      this.#carrier.sendPing(FLAG_ACK, id)
    } else if (flags & FLAG_ACK) {
      if (this.#pings.answered(id)) this.#onAnswer()
      if (this.#carrier.bytesIn - this.#pings.mark < QUIET_BYTES) this.#carrier.onQuietRoundTrip(this.#pings.sample)
      this.probeIfWanted()
    }
  }

  /** No answer comes any more. */
  close(error: Error): void {
    this.#pings.close(error)
  }

  #onAnswer(): void {
    if (this.#probed <= this.#arrived) return
    const now = this.#clock.now()
    const rate = (this.#probed - this.#arrived) / Math.max(1, now - this.#answeredAt)
    this.#rate = Math.max(rate, (this.#rate ?? 0) * RATE_KEPT)
    this.#answeredAt = now
    this.#arrived = this.#probed
    this.#arrivedPingBytes = this.#probedPingBytes
    this.#carrier.onArrived(this.#arrived)
  }

  #send(waiter: { resolve: (rtt: number) => void; reject: (error: Error) => void } | null): void {
    const mark = this.unacknowledged < QUIET_BYTES ? this.#carrier.bytesIn : -Infinity
    const id = this.#pings.sent(waiter, mark)
    this.#pingBytes += HEADER_SIZE
    this.#carrier.sendPing(FLAG_SYN, id)
  }
}
