import type { Socket } from 'node:net'
import { ProtocolError } from '../core/errors.js'
import type { SessionEvents, SessionStats } from './api.js'
import { Carrier } from './carrier.js'
import { FLAG_FIN, FLAG_RST, GO_AWAY_NORMAL, TYPE_GO_AWAY, TYPE_WINDOW_UPDATE } from './frame.js'
import { Heartbeat } from './heartbeat.js'
import { lost, notKept, streamLimit } from './loss.js'
import { sessionOptions, type SessionOptions } from './options.js'
import { Path } from './path.js'
import { Recovery } from './recovery.js'
import { Stream } from './stream.js'
import { WireViolation } from './violation.js'

/** `client` opens odd stream ids (the agent), `server` even ones. */
export type Role = 'client' | 'server'

const MAX_STREAM_ID = 0xffff_fff0

/** One side of a yamux session: its streams and the carriers that bear them. */
export class Session {
  readonly role: Role
  readonly options: SessionOptions
  readonly recovery: Recovery
  readonly path = new Path(this)
  readonly #events: SessionEvents
  readonly #carriers: Carrier[] = []
  readonly #streams = new Map<number, Stream>()
  readonly #unacknowledged = new Set<Stream>()
  readonly #heartbeat: Heartbeat
  #nextId: number
  #inbound = 0
  #goneAway = false
  #closed = false
  #ending = false
  #peerLeft = false
  #lastNumber = 0
  #closing: Error | null = null
  #bytesIn = 0
  #bytesOut = 0
  #opened = 0
  #accepted = 0
  #unconsumed = 0
  #reordering = 0

  constructor(role: Role, options: Partial<SessionOptions>, events: SessionEvents) {
    this.role = role
    this.options = sessionOptions(options)
    this.#events = events
    this.#nextId = role === 'client' ? 1 : 2
    this.recovery = new Recovery(this)
    this.#heartbeat = new Heartbeat(this, this.options)
  }

  /** Live carriers, the oldest first. */
  get carriers(): readonly Carrier[] {
    return this.#carriers
  }

  get streamCount(): number {
    return this.#streams.size
  }

  get closed(): boolean {
    return this.#closed
  }

  /** We end it: no carrier is replaced any more. */
  get ending(): boolean {
    return this.#closed || this.#ending
  }

  /** One of the sides ends it: when the last carrier is lost, none is waited for. */
  get leaving(): boolean {
    return this.ending || this.#peerLeft
  }

  /** There is no carrier, and one is waited for. */
  get held(): boolean {
    return this.#carriers.length === 0 && this.recovery.lostCarriers > 0 && !this.#closed
  }

  /** Bytes that streams have queued, behind carriers or for want of credit. Looks at each stream. */
  get queued(): number {
    let bytes = 0
    for (const stream of this.#streams.values()) bytes += stream.queued
    return bytes
  }

  /** The smallest smoothed round trip of any carrier, ms. */
  get rtt(): number | null {
    let least: number | null = null
    for (const {
      probes: { rtt },
    } of this.#carriers)
      if (rtt !== null && (least === null || rtt < least)) least = rtt
    return least
  }

  stats(): SessionStats {
    let pending = 0
    let kept = this.recovery.kept
    for (const carrier of this.#carriers) {
      pending += carrier.egress.pending
      kept += carrier.log?.bytes ?? 0
    }
    return {
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      streams: this.#streams.size,
      streamsOpened: this.#opened,
      streamsAccepted: this.#accepted,
      carriers: this.#carriers.length,
      unconsumed: this.#unconsumed,
      reordering: this.#reordering,
      pending,
      windowBorrowed: this.options.windowBudget.used,
      kept,
      sentAgain: this.recovery.bytesSentAgain,
      lostCarriers: this.recovery.lostCarriers,
      carriersLost: this.recovery.carriersLost,
      streamsMoved: this.recovery.streamsMoved,
    }
  }

  /**
   * Takes over a connected socket whose preface is done. `head`: bytes that were read behind the preface. `number`: what
   * both sides know the carrier by, from 1 on and never the same again; the peer's choice, or else the next.
   * @throws ProtocolError UR_WIRE_CLOSED
   */
  addCarrier(socket: Socket, head?: Buffer, number = this.#lastNumber + 1): Carrier {
    this.#assertOpen('add a carrier')
    if (!this.recovery.mayAdd(number)) {
      throw new ProtocolError('UR_WIRE_CLOSED', `tried to add carrier ${number}, which the other side had lost by then`)
    }
    const { held } = this
    this.#lastNumber = Math.max(this.#lastNumber, number)
    const carrier = new Carrier(this, number, socket)
    this.#carriers.push(carrier)
    this.#heartbeat.start()
    if (held) this.path.restart()
    if (this.#goneAway) this.#sayGoAway(carrier)
    this.recovery.onAdded(carrier)
    carrier.start(head)
    if (held && !this.#closed) this.#events.onResume?.()
    return carrier
  }

  /** The number that the next carrier has by default. */
  get nextCarrierNumber(): number {
    return this.#lastNumber + 1
  }

  /** The carrier with the fewest unacknowledged bytes, and of equal ones with the fewest streams. */
  pickCarrier(): Carrier | null {
    let best: Carrier | null = null
    for (const carrier of this.#carriers) {
      if (carrier.retiring || carrier.peerRetiring || carrier.closed) continue
      if (best === null || lessLoaded(carrier, best)) best = carrier
    }
    return best
  }

  /**
   * Opens a stream without a round trip: SYN rides on its first frame.
   * @throws LimitError UR_WIRE_STREAM_LIMIT
   * @throws ProtocolError UR_WIRE_CLOSED when the session is closed or the peer wants no new streams
   */
  open(options: { carrier?: Carrier } = {}): Stream {
    this.#assertOpen('open a stream')
    if (this.#streams.size >= this.options.maxStreams || this.#nextId > MAX_STREAM_ID) {
      throw streamLimit(this.options.maxStreams)
    }
    const carrier = options.carrier ?? this.pickCarrier() ?? (this.held ? this.recovery.homeFor() : null)
    if (carrier === null) {
      throw new ProtocolError('UR_WIRE_CLOSED', 'tried to open a stream, but the other side is closing the session')
    }
    const stream = new Stream(this, carrier, this.#nextId, false)
    this.#nextId += 2
    this.#opened++
    this.#register(stream)
    return stream
  }

  /** Tells the peer to open no more streams; existing ones go on, new ones are reset. */
  goAway(): void {
    if (this.#goneAway || this.#closed) return
    this.#goneAway = true
    for (const carrier of this.#carriers) this.#sayGoAway(carrier)
  }

  /** Says go away, hands over what was written and closes every carrier. Streams get `error`. */
  close(error: Error | null = null): void {
    if (this.#closed) return
    this.goAway()
    this.#ending = true
    this.#closing ??= error
    for (const carrier of [...this.#carriers]) carrier.end(error)
    if (this.#carriers.length === 0) this.#finish(error)
  }

  /** Closes every carrier at once. */
  destroy(error: Error): void {
    if (this.#closed) return
    this.#ending = true
    this.#closing ??= error
    for (const carrier of [...this.#carriers]) carrier.destroy(error)
    if (this.#carriers.length === 0) this.#finish(error)
  }

  /** Resolves when any carrier answered a ping within `timeoutMs`: true, else false. */
  async answers(timeoutMs: number): Promise<boolean> {
    const pings = this.#carriers.map((carrier) => carrier.ping().then(() => true))
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, false)
    })
    const answer = await Promise.race([Promise.any(pings).catch(() => false), timeout])
    clearTimeout(timer)
    return answer
  }

  /** For a carrier: a SYN came. Null when the stream is refused. @throws WireViolation */
  accept(carrier: Carrier, streamId: number): Stream | null {
    const odd = streamId % 2 === 1
    if (streamId === 0 || odd !== (this.role === 'server') || this.#streams.has(streamId)) {
      throw new WireViolation('UR_WIRE_STREAM_ID', `the peer opened stream ${streamId}, which it may not`)
    }
    const { maxStreams, maxInboundStreams } = this.options
    if (this.#goneAway || this.#inbound >= maxInboundStreams || this.#streams.size >= maxStreams) {
      carrier.control(TYPE_WINDOW_UPDATE, FLAG_RST, streamId, 0)
      carrier.countReset()
      return null
    }
    const stream = new Stream(this, carrier.moved ? this.recovery.homeFor() : carrier, streamId, true)
    this.#inbound++
    this.#accepted++
    this.#unacknowledged.add(stream)
    this.#register(stream)
    this.#events.onStream(stream)
    return stream.closed ? null : stream
  }

  /** For a carrier: an open stream, on whichever carrier. */
  stream(streamId: number): Stream | null {
    return this.#streams.get(streamId) ?? null
  }

  /** For `Recovery`: streams that sent on `from` go on over `to`. Returns how many. */
  moveStreams(from: Carrier, to: Carrier): number {
    const { streamCount } = from
    for (const stream of this.#streams.values()) if (stream.carrier === from) stream.moveTo(to)
    return streamCount
  }

  /** For a stream: it is closed, and `unconsumed` bytes of it were never consumed. */
  forget(stream: Stream, unconsumed: number): void {
    this.#streams.delete(stream.id)
    this.#unacknowledged.delete(stream)
    this.#unconsumed -= unconsumed
    if (stream.inbound) this.#inbound--
    stream.carrier.forget(stream)
    stream.carrier.closeIfRetired()
  }

  /** For a stream. */
  bookSent(bytes: number): void {
    this.#bytesOut += bytes
  }

  /** For a stream. */
  bookReceived(bytes: number): void {
    this.#bytesIn += bytes
    this.#unconsumed += bytes
  }

  /** For a stream. */
  bookConsumed(bytes: number): void {
    this.#unconsumed -= bytes
  }

  /** For a stream: so many bytes more (or less) wait for what stands in front of them. */
  bookReordering(bytes: number): void {
    this.#reordering += bytes
  }

  /** For a stream: its ACK has left. */
  bookAcknowledged(stream: Stream): void {
    this.#unacknowledged.delete(stream)
  }

  /** For the heartbeat: streams that wait for their first data get their ACK at last. */
  acknowledgeWaiting(): void {
    for (const stream of this.#unacknowledged) stream.acknowledge()
  }

  /** For a carrier: a go away came. */
  onGoAway(carrier: Carrier, flags: number, code: number): void {
    const last = this.options.resumable ? (flags & FLAG_FIN) !== 0 : this.#carriers.every((other) => other.peerRetiring)
    if (last) this.#peerLeft = true
    if (code !== GO_AWAY_NORMAL) {
      this.destroy(new ProtocolError('UR_WIRE_GOAWAY', `the other side closed the session with go away code ${code}`))
      return
    }
    if (!last) {
      carrier.retire()
      carrier.closeIfRetired()
    }
    this.#events.onGoAway?.(code, last)
  }

  /** For a carrier: its peer broke the protocol, which ends the session. */
  onViolation(carrier: Carrier, error: WireViolation): void {
    this.#ending = true
    this.#closing ??= error
    for (const other of [...this.#carriers]) if (other !== carrier) other.end(error)
  }

  /** For a carrier: its socket is closed; `replaced`: its streams go on over others. */
  onCarrierClosed(carrier: Carrier, error: Error | null, replaced: boolean): void {
    const at = this.#carriers.indexOf(carrier)
    if (at >= 0) this.#carriers.splice(at, 1)
    const unkept = !replaced && this.#wasUnkept(carrier) ? notKept(error) : null
    if (replaced) this.recovery.onClosed(carrier)
    else {
      const cause = unkept ?? lost(error ?? this.#closing)
      for (const stream of [...this.#streams.values()]) if (stream.carrier === carrier) stream.lose(cause)
    }
    this.#events.onCarrierClose?.(carrier, error)
    if (this.#closed) return
    if (replaced) {
      if (this.held) this.#events.onHold?.(error)
    } else if (unkept !== null) this.destroy(unkept)
    else if (this.#carriers.length === 0) this.#finish(this.#closing ?? error)
  }

  /** Others would have taken its place, had what was under way on it been kept. */
  #wasUnkept(carrier: Carrier): boolean {
    if (!this.options.resumable || this.#ending) return false
    return (carrier.outgrown && !this.leaving) || this.#carriers.length > 0
  }

  #register(stream: Stream): void {
    this.#streams.set(stream.id, stream)
    stream.carrier.streamCount++
  }

  #finish(error: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#heartbeat.stop()
    this.recovery.close()
    const cause = lost(error)
    for (const stream of [...this.#streams.values()]) stream.lose(cause)
    this.#events.onClose(error)
  }

  /** Where carriers are replaced, one that says go away for itself alone must not be taken for the session. */
  #sayGoAway(carrier: Carrier): void {
    carrier.control(TYPE_GO_AWAY, this.options.resumable ? FLAG_FIN : 0, 0, GO_AWAY_NORMAL)
  }

  #assertOpen(what: string): void {
    if (this.#closed || this.#ending) {
      throw new ProtocolError('UR_WIRE_CLOSED', `tried to ${what} on a session that is closed`)
    }
  }
}

function lessLoaded(a: Carrier, b: Carrier): boolean {
  const difference = Math.floor(a.unacknowledged / LOAD_STEP) - Math.floor(b.unacknowledged / LOAD_STEP)
  return difference !== 0 ? difference < 0 : a.streamCount < b.streamCount
}

/** Differences below this are noise: pings and answers under way. */
const LOAD_STEP = 64 * 1024
