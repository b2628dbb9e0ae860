import type { Socket } from 'node:net'
import { NetworkError } from '../core/errors.js'
import { Egress } from './egress.js'
import { FLAG_ACK, FLAG_SYN, GO_AWAY_NORMAL, TYPE_DATA, TYPE_GO_AWAY, TYPE_PING, TYPE_WINDOW_UPDATE } from './frame.js'
import { Inlet } from './inlet.js'
import { Intake } from './intake.js'
import { FrameParser, type FrameSink } from './parser.js'
import { PingBook } from './ping.js'
import { RateGuard } from './guard.js'
import type { Session } from './session.js'
import type { Stream } from './stream.js'
import { WireViolation } from './violation.js'

/** New bytes sent, after which a ping is worth its 12 bytes: it tells the round trip and what has arrived. */
const PROBE_BYTES = 64 * 1024
/** No two probes closer than this, ms. */
const PROBE_GAP_MS = 10
/** A carrier that brought less while a ping was under way was a quiet one. */
const QUIET_BYTES = 32 * 1024
/** How long a closing carrier may take to hand over what it has written, ms. */
const LINGER_MS = 2_000

/** One connection between agent and server: bytes to frames and back. Belongs to one session. */
export class Carrier implements FrameSink {
  readonly session: Session
  readonly socket: Socket
  readonly egress: Egress
  /** Streams that live on it. */
  streamCount = 0
  /** Payload bytes received. */
  bytesIn = 0
  /** For the heartbeat: bytes came since its last look, and how many looks ago they came last. */
  heard = true
  silentLooks = 0
  /** We said go away: the peer opens no more streams here. */
  retiring = false
  /** The peer said go away: we open no more streams here. */
  peerRetiring = false
  readonly #parser: FrameParser
  readonly #inlet: Inlet
  readonly #intake: Intake
  readonly #pings: PingBook
  readonly #guard: RateGuard
  #current: Stream | null = null
  #currentFlags = 0
  #lastId = 0
  #lastStream: Stream | null = null
  #probedAt = -Infinity
  #probedBytes = 0
  #probeWanted = false
  #acknowledged = 0
  #error: Error | null = null
  #linger: NodeJS.Timeout | null = null
  #closed = false

  /** Made by `Session.addCarrier`. */
  constructor(session: Session, socket: Socket) {
    const { carrierBacklog, controlRate, clock } = session.options
    this.session = session
    this.socket = socket
    this.egress = new Egress(socket, carrierBacklog)
    this.#parser = new FrameParser(this)
    this.#inlet = new Inlet(
      this.#parser,
      (error) => this.destroy(error),
      () => this.#intake.resume(),
    )
    this.#intake = new Intake(socket, {
      onBorrowed: (slab, start, end) => this.#push(Buffer.from(slab.subarray(start, end)), false),
      onOwned: (slab, start, end) => this.#push(slab.subarray(start, end), true),
    })
    this.#pings = new PingBook(clock)
    this.#guard = new RateGuard(clock, controlRate)
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('end', () => {
      this.#inlet.drain()
      this.end(null)
    })
    socket.on('close', () => this.#onClose())
  }

  /** Begins to read. `head`: bytes that were read from the socket before. */
  start(head: Buffer | undefined): void {
    const more = head === undefined || head.length === 0 || this.#push(head, false)
    if (this.#closed) return
    this.#intake.start()
    if (!more) this.#intake.pause()
    this.probe()
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Smoothed round trip, queues included, ms; null before the first answer. */
  get rtt(): number | null {
    return this.#pings.rtt
  }

  /** The shortest round trip of late, ms; null before the first answer. */
  get leastRtt(): number | null {
    return this.#pings.leastRtt
  }

  /** Bytes given to the socket that the other side has not yet been seen to have. */
  get unacknowledged(): number {
    return this.egress.written - this.#acknowledged
  }

  /** Writes a frame without payload. A peer that never reads and makes us answer for ever is dropped. */
  control(type: number, flags: number, streamId: number, length: number): void {
    this.egress.control(type, flags, streamId, length)
    const { carrierBacklog, controlBacklog, streamQueue } = this.session.options
    if (this.egress.pending > carrierBacklog + 2 * streamQueue + controlBacklog && !this.#closed) {
      this.destroy(
        new WireViolation(
          'UR_WIRE_FLOOD',
          `${this.egress.pending} bytes wait for a peer that makes us answer and does not read`,
        ),
      )
    }
  }

  /** Pings the peer and resolves with the round trip, ms. Rejects when the carrier closes. */
  ping(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(lost(this.#error))
      else this.#sendPing({ resolve, reject })
    })
  }

  /**
   * Pings, for the round trip and for `unacknowledged`. While one is under way, or was a moment ago, it waits for the
   * next bytes that come, or for the heartbeat.
   */
  probe(): void {
    if (this.#closed) return
    const now = this.session.options.clock.now()
    this.#probeWanted = this.#pings.probing || now - this.#probedAt < PROBE_GAP_MS
    if (this.#probeWanted) return
    this.#probedAt = now
    this.#probedBytes = this.egress.written
    this.#sendPing(null)
  }

  /** For the heartbeat: sends a probe that had to wait. */
  probeIfWanted(): void {
    if (this.#probeWanted) this.probe()
  }

  /** Probes when enough was sent since the last time. */
  probeIfDue(): void {
    if (this.egress.written - this.#probedBytes >= PROBE_BYTES) this.probe()
  }

  /** Asks the peer to open no more streams here; the carrier closes when its last stream is gone. */
  retire(): void {
    if (this.retiring || this.#closed) return
    this.retiring = true
    this.control(TYPE_GO_AWAY, 0, 0, GO_AWAY_NORMAL)
    this.closeIfRetired()
  }

  /** For the session: closes once both sides have retired it and no stream is left. */
  closeIfRetired(): void {
    if (this.retiring && this.peerRetiring && this.streamCount === 0) this.end(null)
  }

  /** Hands over what was written, then closes. Its streams are lost with `error`. */
  end(error: Error | null): void {
    if (this.#closed) return
    this.#error ??= error
    this.#parser.stop()
    this.egress.flush()
    this.egress.close()
    this.socket.end()
    this.#linger ??= setTimeout(() => this.socket.destroy(), LINGER_MS).unref()
  }

  /** Closes at once. A violation is told to the peer first. */
  destroy(error: Error): void {
    if (this.#closed) return
    this.#error ??= error
    if (error instanceof WireViolation) {
      this.egress.control(TYPE_GO_AWAY, 0, 0, error.goAway)
      this.end(error)
      this.session.onViolation(this, error)
    } else {
      this.#parser.stop()
      this.socket.destroy()
    }
  }

  /** For the session: drops the one-entry cache of a stream that is gone. */
  forget(stream: Stream): void {
    this.streamCount--
    if (this.#lastStream === stream) this.#lastStream = null
  }

  /** FrameSink. */
  onHeader(type: number, flags: number, streamId: number, length: number): void {
    if (type === TYPE_DATA) this.#onData(flags, streamId, length)
    else if (type === TYPE_WINDOW_UPDATE) this.#onWindowUpdate(flags, streamId, length)
    else if (type === TYPE_PING) this.#onPing(flags, length)
    else this.#onGoAway(length)
  }

  /** FrameSink. */
  onPayload(slice: Buffer): void {
    this.bytesIn += slice.length
    this.#current?.onPayload(slice)
  }

  /** FrameSink. */
  onPayloadEnd(): void {
    const stream = this.#current
    this.#current = null
    if (stream !== null && this.#currentFlags !== 0) stream.onFlags(this.#currentFlags)
  }

  #onData(flags: number, streamId: number, length: number): void {
    const stream = this.#streamFor(flags, streamId)
    if (length === 0 && flags === 0) this.#guard.count('empty frames')
    this.#current = null
    this.#currentFlags = flags
    if (stream === null) return
    if (stream.finReceived && length > 0) {
      stream.reset(new WireViolation('UR_WIRE_AFTER_FIN', `data came on stream ${streamId} after its end`))
      return
    }
    if (!stream.onDataHeader(length)) {
      throw new WireViolation(
        'UR_WIRE_WINDOW_EXCEEDED',
        `a data frame of ${length} bytes on stream ${streamId} passed the receive window`,
      )
    }
    this.#current = stream
  }

  #onWindowUpdate(flags: number, streamId: number, delta: number): void {
    const stream = this.#streamFor(flags, streamId)
    if (delta === 0 && flags === 0) this.#guard.count('empty frames')
    if (stream === null) return
    if (delta > 0 && !stream.onCredit(delta)) {
      throw new WireViolation(
        'UR_WIRE_WINDOW_OVERFLOW',
        `window updates on stream ${streamId} add up to more than 2^32-1`,
      )
    }
    if (flags !== 0) stream.onFlags(flags)
  }

  #streamFor(flags: number, streamId: number): Stream | null {
    if (flags & FLAG_SYN) {
      const stream = this.session.accept(this, streamId)
      this.#lastId = streamId
      this.#lastStream = stream
      return stream
    }
    if (this.#lastStream !== null && this.#lastId === streamId) return this.#lastStream
    const stream = this.session.streamOn(this, streamId)
    this.#lastId = streamId
    this.#lastStream = stream
    return stream
  }

  #onPing(flags: number, id: number): void {
    if (flags & FLAG_SYN) {
      this.#guard.count('pings')
      this.control(TYPE_PING, FLAG_ACK, 0, id)
    } else if (flags & FLAG_ACK) {
      if (this.#pings.answered(id)) this.#acknowledged = Math.max(this.#acknowledged, this.#probedBytes)
      if (this.bytesIn - this.#pings.mark < QUIET_BYTES) this.session.bookQuietRoundTrip(this.#pings.sample)
    }
  }

  #onGoAway(code: number): void {
    this.peerRetiring = true
    this.session.onGoAway(this, code)
  }

  /** A stream that the peer itself had opened was reset. An agent has no say in how often visitors come and go. */
  countReset(): void {
    if (this.session.role === 'server') this.#guard.count('resets of its own streams')
  }

  #sendPing(waiter: { resolve: (rtt: number) => void; reject: (error: Error) => void } | null): void {
    const id = this.#pings.sent(waiter, this.bytesIn)
    this.control(TYPE_PING, FLAG_SYN, 0, id)
  }

  #push(chunk: Buffer, lent: boolean): boolean {
    this.heard = true
    const more = this.#inlet.take(chunk, lent)
    if (this.#probeWanted) this.probe()
    return more
  }

  #onClose(): void {
    if (this.#closed) return
    this.#inlet.drain()
    this.#closed = true
    if (this.#linger !== null) clearTimeout(this.#linger)
    this.#parser.stop()
    this.egress.close()
    const error = this.#error
    this.#pings.close(lost(error))
    this.#current = this.#lastStream = null
    this.session.onCarrierClosed(this, error)
  }
}

/** What the streams of a carrier get when it is gone. */
export function lost(cause: Error | null): Error {
  if (cause instanceof WireViolation || cause instanceof NetworkError) return cause
  const why = cause === null ? 'the other side closed it' : cause.message
  return new NetworkError('UR_WIRE_CARRIER_LOST', `the connection between agent and server was lost: ${why}`, { cause })
}
