import type { Duplex } from 'node:stream'
import { ErrorCode, LARGEST, type HpackEncoder } from '../../../http2/index.js'
import type { VisitorCertificate } from '../../../access/visitor-rules/index.js'
import type { Visitor } from '../../../tunnels/index.js'
import { ByteQueue, giveBack, LENT } from '../../../wire/index.js'
import type { BodyLength, Exchange, ExchangeEvents, RawHeaders, RequestHead } from '../api.js'
import { httpDate, isDated } from '../date.js'
import type { FrontConnection } from '../front.js'
import { removeFields } from '../headers/index.js'
import { MOST_DATA, type FrameWriter, type Leaving } from './frame-writer.js'
import { IncomingBody, type BodyTaker } from './incoming-body.js'
import type { Sending, SendTurns } from './send-turns.js'
import type { Ending } from './stream-table.js'
import { Http2Tunnel } from './tunnel.js'

/** Bytes of an answer that may wait for the visitor before no more of it is wanted. */
const MOST_WAITING = 16 * 1024
const NOTHING = Buffer.alloc(0)
/** Fields of an answer that goes over to another protocol in HTTP/1.1 only (RFC 8441 §5). */
const OF_UPGRADE: ReadonlySet<string> = new Set(['connection', 'upgrade', 'sec-websocket-accept'])

/** The connection of an exchange. */
export interface Http2Line {
  readonly writer: FrameWriter
  readonly encoder: HpackEncoder
  readonly turns: SendTurns
  /** So many more bytes of bodies are kept until they are wanted; less than 0: so many are not any more. */
  keeps(bytes: number): void
  /** The stream is over: nothing more is sent on it, and what still comes of it means nothing. */
  over(exchange: Http2Exchange, ending: Ending): void
  /** The rest of a body is not wanted: it may still come for a while. */
  refusedBody(): void
  /** As `refusedBody`, and calls `stop` of the exchange once the visitor has read all that was written. */
  stopLater(stream: number): void
  /** No further requests after those that are there. */
  leave(): void
}

/**
 * One request of a visitor who speaks HTTP/2, and its stream (RFC 9113 §5.1).
 *
 *   asked ──▶ answering ──▶ answered ──▶ over     the last frame was written, and has left
 *     └───────────┴───────────┴──▶ broken ─▲       we reset it
 */
export class Http2Exchange implements Exchange, BodyTaker, Leaving, Sending {
  readonly id: number
  readonly head: RequestHead
  readonly visitor: Visitor
  readonly connectionHost: string | null
  readonly certificate: VisitorCertificate | null
  queued = false
  /** By which code it was reset, by either side; 0: it was not. */
  resetCode = 0
  /** The body of the request, for its connection as well. */
  readonly body: IncomingBody
  readonly #line: Http2Line
  #events: ExchangeEvents | null = null
  #state: 'asked' | 'answering' | 'answered' | 'broken' | 'over' = 'asked'
  /** It has gone over to another protocol. */
  #switched = false

  /** Bytes of the answer that the visitor takes. */
  #sendWindow: number
  #waiting: ByteQueue | null = null
  /** Bytes of the answer that are still to come, where that is known. */
  #left = Infinity
  /** Nothing comes behind what waits but these. */
  #lastTrailers: RawHeaders | null = null
  #wantsRoom = false
  /** The last frame is written, and has been handed to the system. */
  #sentAll = false
  #hasLeft = false

  /** `isWhole`: no body comes. `sendWindow`: what the visitor takes of an answer at first. */
  constructor(
    id: number,
    head: RequestHead,
    line: Http2Line,
    { facts, isWhole, sendWindow }: { facts: FrontConnection; isWhole: boolean; sendWindow: number },
  ) {
    this.id = id
    this.head = head
    this.#line = line
    this.visitor = facts.visitor
    this.connectionHost = facts.host
    this.certificate = facts.certificate
    this.body = new IncomingBody(this, head.body, isWhole)
    this.#sendWindow = sendWindow
  }

  // What its connection calls.

  /** Whether the answer is whole: a reset takes nothing back any more. */
  get isServed(): boolean {
    return this.#sentAll
  }

  /** The visitor ended the stream on his side. False: the body is shorter than its length. */
  onEnd(trailers: RawHeaders): boolean {
    if (!this.body.onEnd(trailers)) return false
    if (this.#sentAll) this.#line.over(this, 'ended')
    return true
  }

  /** The visitor has read the answer: he need not send the rest of the body (RFC 9113 §8.1). */
  stop(): void {
    this.body.over = true
    this.#line.writer.reset(this.id, ErrorCode.NO_ERROR)
    this.#line.over(this, 'reset')
  }

  /** The visitor takes more of the answer. False: more than a window may be. */
  onWindow(bytes: number): boolean {
    this.#sendWindow += bytes
    if (this.#sendWindow > LARGEST) return false
    if (this.sendable) this.#line.turns.add(this)
    return true
  }

  /** The visitor gave it up, or the connection is lost. Its stream is no more. */
  onBroken(code: number): void {
    this.resetCode = code
    this.#close(false)
  }

  /** Whether there are bytes that the visitor would take. */
  get sendable(): boolean {
    return this.#waiting !== null && this.#waiting.bytes > 0 && this.#sendWindow > 0
  }

  /** Sends some of what waits, `most` bytes at most. Only when it is sendable. */
  sendSome(most: number): void {
    const waiting = this.#waiting!
    const { buffer, start, end } = waiting.take(Math.min(most, this.#sendWindow, MOST_DATA))
    const isLast = waiting.bytes === 0 && this.#lastTrailers !== null
    this.#sendData(buffer, start, end, isLast && this.#lastTrailers!.length === 0)
    giveBack(buffer, end - start)
    if (isLast) this.#finish()
    else if (waiting.bytes === 0 && this.#wantsRoom) {
      this.#wantsRoom = false
      this.#events?.onDrain()
    }
  }

  /** Its last frame has been handed to the system, or will never be. */
  left(whole: boolean): void {
    this.#hasLeft = true
    if (whole) this.#checkOver()
    else this.#close(false)
  }

  // Exchange

  start(events: ExchangeEvents): void {
    this.#events = events
  }

  resume(): void {
    this.body.resume()
  }

  pause(): void {
    this.body.pause()
  }

  inform(status: number, headers: RawHeaders): void {
    if (this.#state !== 'asked' || status === 101) return
    if (status === 100 && !this.head.expectsContinue) return
    this.#line.writer.headers(this.id, this.#line.encoder.encode(status, headers), false)
  }

  respond(status: number, headers: RawHeaders, _reason: string, body: BodyLength): void {
    if (this.#state !== 'asked') return
    const isWhole = body === 'none' || body === 0 || this.head.method === 'HEAD'
    const fields = isDated(headers) ? headers : [...headers, 'date', httpDate()]
    this.#state = 'answering'
    this.#line.writer.headers(this.id, this.#line.encoder.encode(status, fields), isWhole)
    if (isWhole) this.#answered()
    else if (typeof body === 'number') this.#left = body
  }

  write(chunk: Buffer): boolean {
    if (this.#state !== 'answering' || this.#lastTrailers !== null || chunk.length === 0) {
      giveBack(chunk, chunk.length)
      return true
    }
    this.#left -= chunk.length
    const isLast = this.#left <= 0
    if (isLast) this.#lastTrailers = []
    const sent = this.#sendAtOnce(chunk, isLast)
    giveBack(chunk, sent)
    if (sent === chunk.length) {
      if (isLast) this.#answered()
      return true
    }
    const waiting = (this.#waiting ??= new ByteQueue())
    waiting.push(chunk, sent, chunk.length, LENT)
    if (this.sendable) this.#line.turns.add(this)
    if (waiting.bytes < MOST_WAITING) return true
    this.#wantsRoom = true
    return false
  }

  end(trailers: RawHeaders): void {
    if (this.#state !== 'answering' || this.#lastTrailers !== null) return
    this.#lastTrailers = trailers
    if (this.#waiting !== null && this.#waiting.bytes > 0) return
    if (trailers.length === 0) this.#line.writer.data(this.id, NOTHING, 0, 0, true)
    this.#finish()
  }

  leave(): void {
    this.#line.leave()
  }

  abort(): void {
    this.reset(ErrorCode.INTERNAL_ERROR)
  }

  /** Breaks it off, by us. */
  reset(code: number): void {
    if (this.#state === 'over' || this.#state === 'broken') return
    const isOpen = this.#state !== 'answered' || !this.body.over
    this.#state = 'broken'
    this.resetCode = code
    if (isOpen) {
      this.#line.writer.reset(this.id, code)
      if (!this.body.over) this.#line.refusedBody()
      this.body.over = true
      this.#line.over(this, 'reset')
    }
    this.#waiting = null
    this.body.drop()
    process.nextTick(closeBroken, this)
  }

  switchProtocols(_status: number, headers: RawHeaders): Duplex {
    this.#switched = true
    const fields = [...headers]
    removeFields(fields, OF_UPGRADE)
    this.respond(200, fields, '', 'unknown')
    return new Http2Tunnel(this)
  }

  // BodyTaker

  onPart(slice: Buffer): void {
    this.#events?.onBody(slice)
  }

  onWhole(trailers: RawHeaders): void {
    if (this.head.body !== 'none' || this.#switched) this.#events?.onBodyEnd(trailers)
    this.#checkOver()
  }

  keeps(bytes: number): void {
    this.#line.keeps(bytes)
  }

  giveBack(bytes: number): void {
    this.#line.writer.windowUpdate(this.id, bytes)
  }

  // The answer.

  /** Sends what can be sent of a chunk before which nothing waits; answers how much that was. */
  #sendAtOnce(chunk: Buffer, isLast: boolean): number {
    const { turns } = this.#line
    if (this.#waiting !== null && this.#waiting.bytes > 0) return 0
    let at = 0
    while (at < chunk.length && this.#sendWindow > 0 && turns.isFree) {
      const end = Math.min(chunk.length, at + Math.min(this.#sendWindow, turns.window))
      at += this.#sendData(chunk, at, end, isLast && end === chunk.length)
    }
    return at
  }

  #sendData(buffer: Buffer, start: number, end: number, isLast: boolean): number {
    const sent = this.#line.writer.data(this.id, buffer, start, end, isLast)
    this.#sendWindow -= sent
    this.#line.turns.window -= sent
    return sent
  }

  /** All of the body is sent: the trailers follow, where there are any. */
  #finish(): void {
    const trailers = this.#lastTrailers ?? []
    if (trailers.length > 0) this.#line.writer.headers(this.id, this.#line.encoder.encode(0, trailers), true)
    this.#answered()
  }

  /** The stream has ended on our side. */
  #answered(): void {
    this.#state = 'answered'
    this.#sentAll = true
    if (this.body.over) this.#line.over(this, 'ended')
    else if (!this.#switched) {
      // There are clients that drop an answer when they read the reset right behind it.
      this.body.drop()
      this.#line.stopLater(this.id)
    }
    this.#line.writer.whenLeft(this)
  }

  // The end.

  #checkOver(): void {
    if (!this.#hasLeft || this.#state !== 'answered') return
    if (!this.#switched || this.body.endTold) this.#close(true)
  }

  /** For `reset`, a little later. */
  closeBroken(): void {
    this.#close(false)
  }

  #close(complete: boolean): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#waiting = null
    this.body.drop()
    this.#events?.onClose(complete)
  }
}

// A method bound to each exchange would be made for each request, mostly for nothing.
function closeBroken(exchange: Http2Exchange): void {
  exchange.closeBroken()
}
