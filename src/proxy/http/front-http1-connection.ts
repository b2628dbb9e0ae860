import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.js'
import { NetworkError } from '../../core/errors.js'
import { Ring } from '../../core/ring.js'
import { giveBack, Slab, type Intake } from '../../wire/index.js'
import { corkForTurn, GATHER_FROM, resetSocket } from '../splice.js'
import type { Framing } from './answer-head.js'
import type { RawHeaders } from './api.js'
import { Deadline } from './deadlines.js'
import type { FrontConnection, FrontOptions } from './front.js'
import { Http1Exchange, type Http1Line } from './http1-exchange.js'
import { plainAnswer } from './plain-answer.js'
import { failureOf } from './problem.js'
import type { Http1RequestHead } from './request-head.js'
import { RequestParser, type RequestEvents } from './request-parser.js'
import { visitorIntake } from './visitor-intake.js'

/** How long a visitor who was answered before his request was whole may go on sending, ms: a reset would lose the answer. */
const LINGER_MS = 2_000
/** Bytes of further requests that are read while one is served: so it is seen, at most of them, that the visitor goes. */
const READ_AHEAD = 16 * 1024

/** What all connections of a front share. */
export interface Http1Shared {
  readonly options: FrontOptions
  readonly clock: Clock
  /** Its connections are to end when they can. */
  readonly draining: boolean
  onGone(connection: FrontHttp1Connection): void
}

/**
 * One visitor's connection that speaks HTTP/1.1: one request is served after another.
 *
 *   waiting ──▶ head ──▶ exchange ──▶ waiting     kept alive
 *      │         │          └───────▶ ending      `Connection: close`, or what was sent is malformed
 *      └─────────┴──── too slow ─────▲
 */
export class FrontHttp1Connection implements RequestEvents, Http1Line {
  /** For the front, which looks at it. */
  readonly deadline = new Deadline()
  readonly #socket: Socket
  readonly #facts: FrontConnection
  readonly #shared: Http1Shared
  readonly #parser: RequestParser
  readonly #intake: Intake
  #exchange: Http1Exchange | null = null
  /** By what request and answer say; of the exchange. */
  #keepAlive = true
  #answered = false
  /** Writes that the system has not taken. */
  #unwritten = 0
  /** Parts of bodies in memory that is lent, which the system has not taken, the oldest first. */
  #lent: Ring<Buffer> | null = null
  #needsDrain = false
  /** Bytes that the parser does not take yet. */
  #held: Buffer[] = []
  #heldBytes = 0
  #readingHead = false
  /** Nothing is read any more but the end. */
  #ending = false

  constructor(socket: Socket, facts: FrontConnection, shared: Http1Shared) {
    this.#socket = socket
    this.#facts = facts
    this.#shared = shared
    this.#parser = new RequestParser(this, shared.options.limits.headerBytes)
    this.#intake = visitorIntake(socket, (bytes) => this.#take(bytes, true))
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
    this.#await()
    if (socket.destroyed) this.#onClose()
    else this.#intake.start()
  }

  /** Ends when it can: at once without a request. */
  drain(): void {
    if (this.#exchange === null) this.#end()
  }

  // Reading.

  /** `borrowed`: the bytes are valid only until this returns. */
  #take(chunk: Buffer, borrowed: boolean): void {
    if (this.#ending) return
    if (this.#heldBytes > 0) this.#hold(chunk, borrowed)
    else this.#feed(chunk, borrowed)
  }

  #feed(chunk: Buffer, borrowed: boolean): void {
    try {
      const at = this.#parser.push(chunk, 0)
      if (at < chunk.length) this.#hold(chunk.subarray(at), borrowed)
      else if (this.#parser.begun && !this.#readingHead) this.#awaitHead()
    } catch (error) {
      this.#refuse(error)
    }
  }

  #hold(chunk: Buffer, borrowed: boolean): void {
    if (this.#ending) return
    this.#held.push(borrowed ? Buffer.from(chunk) : chunk)
    this.#heldBytes += chunk.length
    if (!this.#parser.over || this.#heldBytes >= READ_AHEAD) this.#socket.pause()
  }

  readonly #goOn = (): void => {
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const chunk of held) this.#take(chunk, false)
    if (this.#heldBytes === 0 && this.#socket.isPaused() && !this.#ending) this.#socket.resume()
  }

  readonly #onEnd = (): void => {
    const exchange = this.#exchange
    // As with other servers, who ends his side has gone: he may never be heard of again.
    if (exchange !== null && !this.#answered) this.destroy()
    else this.#end()
  }

  readonly #onClose = (): void => {
    this.#ending = true
    this.#drop()
    this.#shared.onGone(this)
    this.#exchange?.close(false)
    this.#exchange = null
  }

  // Time.

  /** The next request may take its time. */
  #await(): void {
    this.#readingHead = false
    this.#within(this.#shared.options.limits.keepAliveMs, this.#endIdle)
  }

  #awaitHead(): void {
    this.#readingHead = true
    this.#within(this.#shared.options.limits.headerTimeoutMs, this.#tooSlow)
  }

  #within(ms: number, act: () => void): void {
    this.deadline.expect(this.#shared.clock.now() + ms, act)
  }

  readonly #endIdle = (): void => this.#end()

  readonly #tooSlow = (): void =>
    this.#refuse(new NetworkError('UR_HTTP_SLOW_VISITOR', 'The request did not come in time.'))

  readonly #destroy = (): void => {
    this.#socket.destroy()
  }

  // RequestEvents

  onHead(head: Http1RequestHead): void {
    this.#readingHead = false
    this.deadline.off()
    this.#keepAlive = head.keepAlive && head.upgrade === null
    this.#answered = false
    this.#parser.flowing = false
    const exchange = new Http1Exchange(head, this.#facts, this)
    this.#exchange = exchange
    this.#shared.options.onExchange(exchange)
  }

  onBody(slice: Buffer): void {
    this.#exchange?.onBody(slice)
  }

  onComplete(trailers: RawHeaders): void {
    // It was answered before it was whole.
    if (this.#exchange === null) this.#next()
    else this.#exchange.onBodyEnd(trailers)
  }

  // Http1Line

  setFlowing(flowing: boolean): void {
    this.#parser.flowing = flowing
    if (flowing && !this.#parser.over) process.nextTick(this.#goOn)
  }

  keepAliveMs(framing: Framing): number {
    const { options, draining } = this.#shared
    // Whether a visitor who was not told to go on sends the body or another request, nobody can tell.
    const isUnclear = this.#exchange?.waitsForContinue === true && !this.#parser.over
    if (draining || isUnclear || framing === 'close') this.#keepAlive = false
    return this.#keepAlive ? options.limits.keepAliveMs : 0
  }

  leave(): void {
    this.#keepAlive = false
  }

  write(chunk: Buffer): boolean {
    const socket = this.#socket
    this.#unwritten++
    if (chunk.length >= GATHER_FROM) corkForTurn(socket)
    if (Slab.of(chunk) === null) return this.#noteRoom(socket.write(chunk, this.#onWritten))
    this.#lent ??= new Ring<Buffer>(8)
    this.#lent.push(chunk)
    return this.#noteRoom(socket.write(chunk, this.#onLentWritten))
  }

  writeAll(chunks: readonly Buffer[]): boolean {
    this.#socket.cork()
    let hasRoom = true
    for (const chunk of chunks) {
      if (chunk.length > 0) hasRoom = this.write(chunk)
    }
    this.#socket.uncork()
    return hasRoom
  }

  #noteRoom(hasRoom: boolean): boolean {
    if (!hasRoom && !this.#needsDrain) {
      this.#needsDrain = true
      this.#socket.once('drain', this.#onDrain)
    }
    return hasRoom
  }

  readonly #onDrain = (): void => {
    this.#needsDrain = false
    this.#exchange?.onDrain()
  }

  /** A socket calls back in the order of its writes. */
  readonly #onLentWritten = (error?: Error | null): void => {
    const chunk = this.#lent?.shift()
    if (chunk !== undefined) giveBack(chunk, chunk.length)
    this.#onWritten(error)
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#unwritten--
    if (this.#answered && this.#unwritten === 0 && (error === undefined || error === null)) this.#finish()
  }

  answered(): void {
    this.#answered = true
    if (this.#unwritten === 0) this.#finish()
  }

  destroy(): void {
    resetSocket(this.#socket)
  }

  detach(): Duplex {
    const socket = this.#socket
    const held = this.#held
    this.#ending = true
    this.#exchange = null
    this.deadline.off()
    this.#shared.onGone(this)
    this.#intake.release()
    socket.off('end', this.#onEnd).off('close', this.#onClose).off('drain', this.#onDrain)
    socket.pause()
    if (held.length > 0) socket.unshift(Buffer.concat(held))
    return socket
  }

  // The end of an exchange, and of all.

  #finish(): void {
    const exchange = this.#exchange
    this.#exchange = null
    this.#answered = false
    exchange?.close(true)
    if (this.#ending) return
    if (!this.#keepAlive || this.#shared.draining) return this.#end()
    if (this.#parser.over) return this.#next()
    this.#within(LINGER_MS, this.#destroy)
    this.setFlowing(true)
  }

  #next(): void {
    this.#parser.next()
    this.#await()
    if (this.#heldBytes > 0) process.nextTick(this.#goOn)
  }

  /** What came is no request that could be served. */
  #refuse(error: unknown): void {
    const { status, code, detail } = failureOf(error, '')
    const exchange = this.#exchange
    if (code === 'UR_INTERNAL') this.#shared.options.onDefect(error)
    this.#shared.options.onMalformed(this.#facts, code)
    if (exchange !== null && !exchange.unanswered) return this.destroy()
    this.#exchange = null
    exchange?.close(false)
    this.#socket.write(plainAnswer(status, code, detail))
    this.#end()
  }

  /** Ends our side, and waits a little for the visitor to end his: what he still sends would make a reset of it. */
  #end(): void {
    this.#ending = true
    this.#drop()
    this.#socket.end()
    this.#within(LINGER_MS, this.#destroy)
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  #drop(): void {
    this.#held = []
    this.#heldBytes = 0
  }
}
