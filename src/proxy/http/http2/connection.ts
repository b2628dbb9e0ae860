import type { TLSSocket } from 'node:tls'
import { TokenBucket } from '../../../core/token-bucket.js'
import {
  ErrorCode,
  HpackDecoder,
  HpackEncoder,
  INITIAL_WINDOW,
  LARGEST,
  type HeaderField,
} from '../../../http2/index.js'
import type { RequestHead } from '../api.js'
import type { FrontConnection } from '../front.js'
import { failureOf } from '../problem.js'
import { visitorIntake } from '../visitor-intake.js'
import { Http2Exchange, type Http2Line } from './exchange.js'
import { FloodGauge } from './flood-gauge.js'
import { FrameDecoder, wrongSize, type VisitorEvents } from './frame-decoder.js'
import { FrameWriter } from './frame-writer.js'
import { Liveness } from './liveness.js'
import { Question, question } from './questions.js'
import { ReceiveCredit } from './receive-credit.js'
import { writeRefusal } from './refusal.js'
import { requestHead, requestTrailers, sizeOf } from './request-fields.js'
import { SendTurns } from './send-turns.js'
import type { Http2Shared } from './shared.js'
import { CONNECTION_WINDOW, ownSettings, PeerSettings, WINDOW } from './settings.js'
import { StreamTable, type Ending } from './stream-table.js'
import { ConnectionViolation, endingOf, flood } from './violation.js'

/** Bytes of bodies that are kept until they are wanted, of one connection: from there on the others wait as well. */
const MOST_KEPT = 8 * WINDOW
/** Bytes that a visitor may leave unread while he makes us answer. */
const MOST_UNREAD = 1024 * 1024
/** What a change of the window of each stream is held to cost, bytes: as much as if it had been made by WINDOW_UPDATE. */
const PER_STREAM = 13
/** How long a visitor whose connection is over may take to read the last of it, ms. */
const LINGER_MS = 2_000

const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, STREAM_CLOSED, REFUSED_STREAM, NO_ERROR } = ErrorCode

/**
 * One visitor's connection that speaks HTTP/2 (RFC 9113). No server push.
 *
 *   open ──▶ leaving ──▶ left ──▶ over     GOAWAY that lets all in; GOAWAY with the last stream; the last stream is over
 *     └─────────┴──────────┴───────▲       the visitor breaks the protocol, floods us, or is gone
 */
export class FrontHttp2Connection implements VisitorEvents, Http2Line {
  readonly writer: FrameWriter
  readonly encoder = new HpackEncoder()
  readonly turns: SendTurns
  readonly #socket: TLSSocket
  readonly #facts: FrontConnection
  readonly #shared: Http2Shared
  readonly #frames: FrameDecoder
  readonly #decoder = new HpackDecoder()
  readonly #peer = new PeerSettings()
  readonly #credit: ReceiveCredit
  readonly #gauge: FloodGauge
  readonly #resets: TokenBucket
  readonly #liveness: Liveness
  readonly #streams = new StreamTable()
  /** Whose DATA is coming; null: nobody's. */
  #receiving: Http2Exchange | null = null
  #state: 'open' | 'leaving' | 'left' | 'over' = 'open'
  /** When its socket is destroyed that is over, ms of the clock. */
  #destroyAt = Infinity

  constructor(socket: TLSSocket, facts: FrontConnection, shared: Http2Shared) {
    const { clock, options } = shared
    const { headerBytes, headerTimeoutMs, keepAliveMs, resetRate } = options.limits
    this.#socket = socket
    this.#facts = facts
    this.#shared = shared
    this.writer = new FrameWriter(socket, () => this.turns.send())
    this.turns = new SendTurns(this.writer)
    this.#frames = new FrameDecoder(this, headerBytes)
    this.#credit = new ReceiveCredit(CONNECTION_WINDOW, MOST_KEPT, (bytes) => this.writer.windowUpdate(0, bytes))
    this.#gauge = new FloodGauge(clock)
    this.#resets = new TokenBucket(clock, { burst: resetRate, perSecond: resetRate })
    this.#liveness = new Liveness(clock.now(), { idleMs: keepAliveMs, headMs: headerTimeoutMs })
    this.writer.settings(ownSettings(options.limits))
    this.writer.windowUpdate(0, CONNECTION_WINDOW - INITIAL_WINDOW)
    // HTTP/2 knows no half-closed connections: who ends his side is gone.
    socket.once('end', () => socket.destroy())
    socket.once('close', this.#onClose)
    if (socket.destroyed) this.#onClose()
    else visitorIntake(socket, (bytes) => this.#read(bytes)).start()
  }

  /** Ends it in good order (RFC 9113 §6.8). True: what the visitor sends before he knows is served, until `onLeft`. */
  drain(): boolean {
    if (this.#state !== 'open') return this.#state === 'leaving'
    this.#state = 'leaving'
    this.writer.goAway(LARGEST, NO_ERROR)
    this.writer.ping(question(Question.LEAVING))
    this.#liveness.lastCall(this.#shared.clock.now())
    return true
  }

  /** Ends it at once. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** To be called now and then; `now`: ms of the clock. */
  look(now: number): void {
    if (now >= this.#destroyAt) return this.destroy()
    if (this.#state === 'over') return
    const inHead = this.#frames.begun
    const facts = { open: this.#streams.size > 0, inHead, last: this.#streams.last }
    switch (this.#liveness.look(now, facts)) {
      case 'stay':
        return
      case 'ask':
        return this.writer.ping(question(Question.THERE))
      case 'gone':
        return this.#giveUp(NO_ERROR)
      case 'leave':
        if (this.#state === 'leaving' || inHead) this.#leaveNow()
        else this.drain()
    }
  }

  // Http2Line

  keeps(bytes: number): void {
    // Behind the end nothing can be given back.
    if (this.#state !== 'over') this.#credit.keeps(bytes)
  }

  refusedBody(): void {
    this.#gauge.refusedBody()
  }

  stopLater(stream: number): void {
    this.refusedBody()
    this.writer.ping(question(Question.ANSWERED, stream))
  }

  leave(): void {
    this.drain()
  }

  over(exchange: Http2Exchange, ending: Ending): void {
    if (this.#receiving === exchange) this.#receiving = null
    this.#streams.end(exchange.id, ending)
    this.#liveness.served()
    if (this.#state === 'left' && this.#streams.size === 0) process.nextTick(endConnection, this)
  }

  // Reading.

  #read(chunk: Buffer): void {
    if (this.#state === 'over') return
    this.#liveness.heard()
    try {
      if (!this.#gauge.came(chunk.length, this.writer.bytes)) throw flood('what comes is of no use')
      this.#frames.push(chunk)
    } catch (error) {
      this.#fail(error)
    }
  }

  // VisitorEvents

  onDataFrame(stream: number, length: number): void {
    if (!this.#credit.came(length)) throw new ConnectionViolation(FLOW_CONTROL_ERROR, 'more DATA than the window')
    const exchange = this.#streams.get(stream)
    if (exchange === undefined) this.#onLateFrame(stream, 'DATA')
    else if (exchange.body.over) this.#breakStream(exchange, STREAM_CLOSED)
    else if (!exchange.body.onFrame(length)) this.#breakStream(exchange, FLOW_CONTROL_ERROR)
    else this.#receiving = exchange
  }

  onDataPart(slice: Buffer): void {
    const exchange = this.#receiving
    if (exchange === null) return
    this.#gauge.served(slice.length)
    if (!exchange.body.onPart(slice)) this.#breakStream(exchange, PROTOCOL_ERROR)
  }

  onDataEnd(end: boolean): void {
    const exchange = this.#receiving
    this.#receiving = null
    if (exchange === null) return
    exchange.body.onFrameEnd()
    if (end && !exchange.onEnd([])) this.#breakStream(exchange, PROTOCOL_ERROR)
  }

  onFields(stream: number, isWhole: boolean, bytes: Buffer, start: number, end: number): void {
    const { headerBytes, concurrentStreams } = this.#shared.options.limits
    const fields = this.#decoder.decode(bytes, start, end, headerBytes)
    const exchange = this.#streams.get(stream)
    if (exchange !== undefined) return this.#onTrailers(exchange, isWhole, fields)
    if (stream <= this.#streams.last || stream % 2 === 0) return this.#onLateFrame(stream, 'HEADERS')
    if (this.#isUnserved(stream)) return
    this.#streams.last = stream
    if (this.#streams.isFull(concurrentStreams, this.writer.unleft)) {
      if (!isWhole) this.refusedBody()
      return this.#refuseStream(stream, REFUSED_STREAM)
    }
    this.#open(stream, isWhole, fields)
  }

  #open(stream: number, isWhole: boolean, fields: readonly HeaderField[] | null): void {
    this.#gauge.served(sizeOf(fields))
    let head: RequestHead
    try {
      head = requestHead(fields, this.#facts.scheme, isWhole)
    } catch (error) {
      return this.#answerMalformed(stream, isWhole, error)
    }
    const facts = { facts: this.#facts, isWhole, sendWindow: this.#peer.initialWindow }
    const exchange = new Http2Exchange(stream, head, this, facts)
    this.#streams.add(exchange)
    this.#shared.options.onExchange(exchange)
  }

  #onTrailers(exchange: Http2Exchange, isWhole: boolean, fields: readonly HeaderField[] | null): void {
    if (exchange.body.over) return this.#breakStream(exchange, STREAM_CLOSED)
    const trailers = isWhole && fields !== null ? requestTrailers(fields) : null
    if (fields === null || trailers === null) return this.#breakStream(exchange, PROTOCOL_ERROR)
    this.#gauge.served(sizeOf(fields))
    if (!exchange.onEnd(trailers)) this.#breakStream(exchange, PROTOCOL_ERROR)
  }

  onWrongPriority(stream: number): void {
    const exchange = this.#streams.get(stream)
    if (exchange !== undefined) this.#breakStream(exchange, FRAME_SIZE_ERROR)
    else if (stream > this.#streams.last) throw wrongSize()
  }

  onReset(stream: number, code: number): void {
    const exchange = this.#streams.get(stream)
    if (exchange === undefined) return this.#expectBegun(stream)
    this.over(exchange, 'ended')
    exchange.onBroken(code)
    if (!exchange.isServed) this.#countReset()
  }

  onSettings(bytes: Buffer, start: number, end: number): void {
    const before = this.#peer.initialWindow
    this.#peer.take(bytes, start, end)
    for (const size of this.#peer.headerTables) this.encoder.allow(size)
    this.#expectRead()
    this.writer.settingsAck()
    const more = this.#peer.initialWindow - before
    if (more === 0) return
    if (!this.#gauge.came(PER_STREAM * this.#streams.size, this.writer.bytes))
      throw flood('SETTINGS change all windows')
    for (const exchange of this.#streams.values()) {
      if (!exchange.onWindow(more)) throw new ConnectionViolation(FLOW_CONTROL_ERROR, 'a window is too large')
    }
  }

  onPing(bytes: Buffer, start: number, ack: boolean): void {
    if (ack) return this.#onAnswered(bytes.readUInt32BE(start), bytes.readUInt32BE(start + 4))
    this.#expectRead()
    this.writer.pingAnswer(bytes, start)
  }

  /** What was written in front of a PING of ours has been read. */
  #onAnswered(what: number, stream: number): void {
    if (what === Question.LEAVING && this.#state === 'leaving') this.#leaveNow()
    if (what !== Question.ANSWERED) return
    const exchange = this.#streams.get(stream)
    if (exchange === undefined && this.#streams.endingOf(stream) === 'reset') this.writer.reset(stream, NO_ERROR)
    if (exchange?.isServed === true) exchange.stop()
  }

  onWindowUpdate(stream: number, more: number): void {
    if (stream === 0) {
      if (more === 0) throw new ConnectionViolation(PROTOCOL_ERROR, 'a window grows by nothing')
      if (!this.turns.widen(more)) throw new ConnectionViolation(FLOW_CONTROL_ERROR, 'the window is too large')
      return
    }
    const exchange = this.#streams.get(stream)
    if (exchange === undefined) this.#expectBegun(stream)
    else if (more === 0) this.#breakStream(exchange, PROTOCOL_ERROR)
    else if (!exchange.onWindow(more)) this.#breakStream(exchange, FLOW_CONTROL_ERROR)
  }

  // What is wrong.

  /** A frame of a stream that is not open (RFC 9113 §5.1). */
  #onLateFrame(stream: number, what: 'DATA' | 'HEADERS'): void {
    if (this.#isUnserved(stream)) return
    const ending = this.#streams.endingOf(stream)
    if (ending === 'reset') return
    this.#expectBegun(stream)
    if (what === 'DATA') return this.#refuseStream(stream, STREAM_CLOSED)
    const code = ending === 'ended' ? STREAM_CLOSED : PROTOCOL_ERROR
    throw new ConnectionViolation(code, 'a header section of a stream that is over')
  }

  #expectBegun(stream: number): void {
    if (this.#streams.endingOf(stream) !== 'never' || this.#isUnserved(stream)) return
    throw new ConnectionViolation(PROTOCOL_ERROR, 'a frame of a stream that never began')
  }

  /** Who was told of the last stream knows that later ones are not served: their frames mean nothing. */
  #isUnserved(stream: number): boolean {
    return this.#state === 'left' && stream > this.#streams.last
  }

  /** What we answer takes memory until it is read. */
  #expectRead(): void {
    if (this.writer.waiting > MOST_UNREAD) throw flood('he does not read what he asks for')
  }

  /** A stream for which there is no exchange. */
  #refuseStream(stream: number, code: number): void {
    this.writer.reset(stream, code)
    this.#streams.end(stream, 'reset')
    this.#countReset()
  }

  #breakStream(exchange: Http2Exchange, code: number): void {
    this.#shared.options.onMalformed(this.#facts, 'UR_HTTP_MALFORMED')
    this.over(exchange, 'reset')
    this.writer.reset(exchange.id, code)
    exchange.onBroken(code)
    this.#countReset()
  }

  /** A request that is no request is told why (RFC 9113 §8.1.1). */
  #answerMalformed(stream: number, isWhole: boolean, error: unknown): void {
    const problem = failureOf(error, '')
    if (problem.code === 'UR_INTERNAL') this.#shared.options.onDefect(error)
    this.#shared.options.onMalformed(this.#facts, problem.code)
    writeRefusal(this, stream, problem, this.#peer.initialWindow)
    if (problem.code === 'UR_HTTP_MALFORMED') this.writer.reset(stream, PROTOCOL_ERROR)
    if (!isWhole) this.stopLater(stream)
    this.#streams.end(stream, 'reset')
    this.#liveness.served()
    this.#countReset()
  }

  /** A stream was reset, because of the visitor (CVE-2023-44487, CVE-2025-8671). */
  #countReset(): void {
    this.#expectRead()
    if (!this.#resets.take()) throw flood('too many requests are taken back')
  }

  // The end.

  /** Nothing more is read of the visitor that began behind the last stream. */
  #leaveNow(): void {
    if (this.#state === 'over' || this.#state === 'left') return
    this.#liveness.lastCall(this.#shared.clock.now())
    this.#state = 'left'
    this.writer.goAway(this.#streams.last, NO_ERROR)
    this.#shared.onLeft(this)
    // Later: frames behind the one that says so may be in hand.
    if (this.#streams.size === 0) process.nextTick(endConnection, this)
  }

  #fail(error: unknown): void {
    const { code, reason } = endingOf(error)
    if (reason === 'UR_INTERNAL') this.#shared.options.onDefect(error)
    this.#shared.options.onMalformed(this.#facts, reason)
    this.#giveUp(code)
  }

  /** Ends it with all that is under way. */
  #giveUp(code: number): void {
    this.writer.goAway(this.#streams.last, code)
    this.end()
    this.#breakAll(code)
  }

  /** Ends it behind what is written; what still comes is read and thrown away: a reset would take the rest with it. */
  end(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#destroyAt = this.#shared.clock.now() + LINGER_MS
    this.writer.flush()
    this.#socket.end()
  }

  #breakAll(code: number): void {
    for (const exchange of this.#streams.values()) exchange.onBroken(code)
    this.#streams.clear()
  }

  readonly #onClose = (): void => {
    this.#state = 'over'
    this.#shared.onGone(this)
    this.#breakAll(ErrorCode.CANCEL)
  }
}

function endConnection(connection: FrontHttp2Connection): void {
  connection.end()
}
