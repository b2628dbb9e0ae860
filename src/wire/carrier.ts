import type { Socket } from 'node:net'
import { Egress } from './egress.js'
import {
  FLAG_FIN,
  FLAG_SYN,
  GO_AWAY_NORMAL,
  TYPE_DATA,
  TYPE_GO_AWAY,
  TYPE_LOST,
  TYPE_OFFSET,
  TYPE_PING,
  TYPE_REPLAY,
  TYPE_WINDOW_UPDATE,
} from './frame.js'
import { Inlet } from './inlet.js'
import { Intake } from './intake.js'
import { FrameParser, type FrameSink } from './parser.js'
import { lost } from './loss.js'
import { Probes } from './probes.js'
import { RateGuard } from './guard.js'
import { SentLog } from './sent-log.js'
import type { Session } from './session.js'
import type { Stream } from './stream.js'
import type { Lane } from './stripe.js'
import { WireViolation } from './violation.js'

/** How long a closing carrier may take to hand over what it has written, ms. */
const LINGER_MS = 2_000

/**
 * One connection between agent and server: bytes to frames and back. Belongs to one session.
 *
 * Where the session is resumable, its bytes outlive its socket (`Recovery`): what it should still have brought comes over
 * another carrier, to `replay`; what it should still have sent, and what is sent on it from now on, is taken by `takeFrom`
 * and sent over another one.
 */
export class Carrier implements FrameSink {
  readonly session: Session
  /** Both sides know the carrier by this number, which no other of the session ever has. */
  readonly number: number
  /** Null: this side never had one. */
  readonly socket: Socket | null
  readonly egress: Egress
  readonly probes: Probes
  /** Parts of streams that are striped over several carriers, this among them. */
  readonly lanes = new Set<Lane>()
  /** Streams that live on it. */
  streamCount = 0
  /** Payload bytes received. */
  bytesIn = 0
  /** For the heartbeat: bytes came since its last look, and how many looks ago they came last. */
  heard = true
  silentLooks = 0
  /** For the heartbeat: for how many looks data has waited for it in silence. */
  waitingLooks = 0
  /** We said go away: the peer opens no more streams here. */
  retiring = false
  /** The peer said go away: we open no more streams here. */
  peerRetiring = false
  /** Goes on without a connection, for `Recovery`. */
  readonly parser: FrameParser
  readonly #inlet: Inlet
  readonly #intake: Intake | null
  /** What may have to be sent again; null: nothing is. */
  readonly log: SentLog | null
  readonly #guard: RateGuard
  #current: Stream | null = null
  #currentFlags = 0
  /** Where the next byte of the current frame belongs in its stream. */
  #currentOffset = 0
  /** What OFFSET said of the next frame; null: nothing. */
  #next: { readonly streamId: number; readonly offset: number } | null = null
  #lastId = 0
  #lastStream: Stream | null = null
  /** The lost carrier whose bytes the current frame has. */
  #replayed: Carrier | null = null
  #error: Error | null = null
  /** Bytes that come now are not looked at: what is not parsed is not received. */
  #deaf = false
  /** What is sent on it goes elsewhere. */
  moved = false
  /** It will not be replaced. */
  #givenUp = false
  /** It would have been replaced, had all been kept that may not have arrived. */
  outgrown = false
  #linger: NodeJS.Timeout | null = null
  #closed = false

  /** Made by `Session.addCarrier`, and without a socket by `Recovery`. */
  constructor(session: Session, number: number, socket: Socket | null) {
    const { carrierBacklog, controlRate, clock, resumable, resendBudget } = session.options
    this.session = session
    this.number = number
    this.socket = socket
    this.log = resumable ? new SentLog(resendBudget) : null
    this.egress = new Egress(socket, carrierBacklog, this.log)
    this.parser = new FrameParser(this, session.options)
    this.#inlet = new Inlet(
      this.parser,
      (error) => this.destroy(error),
      () => this.#intake?.resume(),
    )
    this.probes = new Probes(this, clock)
    this.#guard = new RateGuard(clock, controlRate)
    this.#closed = socket === null
    this.#intake = socket === null ? null : this.#takeOver(socket)
  }

  #takeOver(socket: Socket): Intake {
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('end', () => {
      this.#inlet.drain()
      if (this.#replaced) this.lose()
      else this.end(null)
    })
    socket.on('close', () => this.#onClose())
    return new Intake(socket, {
      onBorrowed: (slab, start, end) => this.#push(Buffer.from(slab.subarray(start, end)), false),
      onOwned: (slab, start, end) => this.#push(slab.subarray(start, end), true),
    })
  }

  /** Begins to read. `head`: bytes that were read from the socket before. */
  start(head: Buffer | undefined): void {
    const more = head === undefined || head.length === 0 || this.#push(head, false)
    if (this.#closed) return
    this.#intake?.start()
    if (!more) this.#intake?.pause()
    this.probes.probe()
  }

  /** It has no connection any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** Bytes given to the socket that the other side has not yet been seen to have. */
  get unacknowledged(): number {
    return this.probes.unacknowledged
  }

  /** Writes a frame without payload. A peer that never reads and makes us answer for ever is dropped. */
  control(type: number, flags: number, streamId: number, length: number): void {
    if (this.moved) {
      this.session.recovery.homeFor().control(type, flags, streamId, length)
      return
    }
    this.egress.control(type, flags, streamId, length)
    const { carrierBacklog, controlBacklog, streamQueue } = this.session.options
    const most = carrierBacklog + 2 * streamQueue + controlBacklog + this.egress.replaying
    if (this.egress.pending > most && !this.#closed) {
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
    return this.#closed ? Promise.reject(lost(this.#error)) : this.probes.ping()
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

  /** Hands over what was written, then closes. Unless the session is resumable, its streams are lost with `error`. */
  end(error: Error | null): void {
    if (this.#closed) return
    this.#error ??= error
    this.#deaf = true
    this.egress.flush()
    if (this.#replaced) this.egress.detach()
    else this.#giveUp()
    this.socket?.end()
    this.#linger ??= setTimeout(() => this.socket?.destroy(), LINGER_MS).unref()
  }

  /** For `Recovery`: cuts the connection now, if it still has one, and goes on without. */
  lose(): void {
    this.socket?.destroy()
    this.#onClose()
  }

  /**
   * For `Recovery`: all that the peer has not received, from an offset with the low 32 bits `offset` on.
   * What is sent on it later goes elsewhere. Null: there is no such offset.
   */
  takeFrom(offset: number): Buffer[] | null {
    this.egress.flush()
    const { written } = this.egress
    const pieces = this.egress.takeFrom(written - (((written % 2 ** 32) - offset + 2 ** 32) % 2 ** 32))
    this.moved = true
    return pieces
  }

  /** Closes at once. A violation is told to the peer first. */
  destroy(error: Error): void {
    if (this.#closed) return
    if (error instanceof WireViolation) {
      this.#error = error
      this.egress.control(TYPE_GO_AWAY, 0, 0, error.goAway)
      this.end(error)
      this.session.onViolation(this, error)
    } else {
      this.#error ??= error
      this.#deaf = true
      if (!this.#replaced) this.parser.stop()
      this.socket?.destroy()
    }
  }

  /** For the session: drops the one-entry cache of a stream that is gone. */
  forget(stream: Stream): void {
    this.streamCount--
    if (this.#lastStream === stream) this.#lastStream = null
  }

  /** FrameSink. */
  onHeader(type: number, flags: number, streamId: number, length: number): void {
    if (this.#next !== null && (type !== TYPE_DATA || streamId !== this.#next.streamId)) {
      const what = `behind an offset of stream ${this.#next.streamId} came a frame of type ${type} on stream ${streamId}`
      throw new WireViolation('UR_WIRE_OFFSET', what)
    }
    if (type === TYPE_DATA) this.#onData(flags, streamId, length)
    else if (type === TYPE_WINDOW_UPDATE) this.#onWindowUpdate(flags, streamId, length)
    else if (type === TYPE_PING) this.#onPing(flags, length)
    else if (type === TYPE_OFFSET) this.#onOffset(flags, streamId, length)
    else if (type === TYPE_LOST) this.session.recovery.onLost(this, streamId, length)
    else if (type === TYPE_REPLAY) this.#onReplay(flags, streamId)
    else this.#onGoAway(flags, length)
  }

  /** FrameSink. */
  onPayload(slice: Buffer): void {
    this.bytesIn += slice.length
    if (this.#replayed !== null) this.#replayed.parser.push(slice)
    else if (this.#current !== null) {
      const offset = this.#currentOffset
      this.#currentOffset += slice.length
      this.#current.onPayload(slice, offset)
    }
  }

  /** FrameSink. */
  onPayloadEnd(): void {
    if (this.#replayed !== null) {
      if (this.#currentFlags & FLAG_FIN) this.session.recovery.onReplayed(this.#replayed)
      this.#replayed = null
      return
    }
    const stream = this.#current
    this.#current = null
    if (stream !== null && this.#currentFlags !== 0) stream.onFlags(this.#currentFlags)
  }

  #onData(flags: number, streamId: number, length: number): void {
    const given = this.#next?.offset ?? null
    this.#next = this.#current = null
    const stream = this.#streamFor(flags, streamId)
    if (length === 0 && flags === 0) this.#guard.count('empty frames')
    this.#currentFlags = flags
    if (stream === null) return
    if (stream.finReceived && length > 0) {
      stream.reset(new WireViolation('UR_WIRE_AFTER_FIN', `data came on stream ${streamId} after its end`))
      return
    }
    const offset = stream.onDataHeader(length, given)
    if (offset === null) {
      const what = `a data frame of ${length} bytes on stream ${streamId} passed the receive window`
      throw new WireViolation('UR_WIRE_WINDOW_EXCEEDED', what)
    }
    this.#currentOffset = offset
    this.#current = stream
  }

  #onOffset(flags: number, streamId: number, low: number): void {
    const stream = this.#streamFor(0, streamId)
    if (stream === null) return
    const offset = stream.onOffset(low)
    if (!(flags & FLAG_FIN)) this.#next = { streamId, offset }
    else if (!stream.onEndAt(offset)) {
      const what = `stream ${streamId} was said to end at offset ${offset}, where it cannot`
      throw new WireViolation('UR_WIRE_WINDOW_EXCEEDED', what)
    }
  }

  #onReplay(flags: number, number: number): void {
    this.#replayed = this.session.recovery.replayed(this, number)
    this.#currentFlags = flags
  }

  #onWindowUpdate(flags: number, streamId: number, delta: number): void {
    const stream = this.#streamFor(flags, streamId)
    if (delta === 0 && flags === 0) this.#guard.count('empty frames')
    if (stream === null) return
    if (delta > 0 && !stream.onCredit(delta)) {
      const what = `window updates on stream ${streamId} add up to more than 2^32-1`
      throw new WireViolation('UR_WIRE_WINDOW_OVERFLOW', what)
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
    if (this.#lastStream !== null && this.#lastId === streamId && !this.#lastStream.closed) return this.#lastStream
    const stream = this.session.stream(streamId)
    this.#lastId = streamId
    this.#lastStream = stream
    return stream
  }

  #onPing(flags: number, id: number): void {
    if (this.#closed) return
    if (flags & FLAG_SYN) this.#guard.count('pings')
    this.probes.onPing(flags, id)
  }

  /** For its probes. */
  sendPing(flags: number, id: number): void {
    this.control(TYPE_PING, flags, 0, id)
  }

  /** For its probes. */
  onArrived(offset: number): void {
    this.log?.acknowledge(offset)
    for (const lane of this.lanes) lane.onArrived()
  }

  /** For its probes. */
  onQuietRoundTrip(rtt: number): void {
    this.session.path.onQuietRoundTrip(rtt)
  }

  #onGoAway(flags: number, code: number): void {
    this.peerRetiring = true
    this.session.onGoAway(this, flags, code)
  }

  /** A stream that the peer itself had opened was reset. An agent has no say in how often visitors come and go. */
  countReset(): void {
    if (this.session.role === 'server') this.#guard.count('resets of its own streams')
  }

  #push(chunk: Buffer, lent: boolean): boolean {
    if (this.#deaf) return true
    this.heard = true
    const more = this.#inlet.take(chunk, lent)
    this.probes.probeIfWanted()
    return more
  }

  #onClose(): void {
    if (this.#closed) return
    this.#inlet.drain()
    this.#deaf = this.#closed = true
    if (this.#linger !== null) clearTimeout(this.#linger)
    const error = this.#error
    this.probes.close(lost(error))
    const replaced = this.#replaced
    if (replaced) this.egress.detach()
    else this.#giveUp()
    this.session.onCarrierClosed(this, error, replaced)
  }

  get #replaced(): boolean {
    return !this.#givenUp && this.session.recovery.admits(this, this.#error)
  }

  #giveUp(): void {
    if (!this.#givenUp) this.outgrown = this.log?.whole === false
    this.#givenUp = true
    this.parser.stop()
    this.egress.close()
    this.#current = this.#lastStream = this.#replayed = null
  }
}
