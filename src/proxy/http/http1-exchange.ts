import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { VisitorCertificate } from '../../access/visitor-rules/index.js'
import type { Visitor } from '../../tunnels/index.js'
import { giveBack } from '../../wire/index.js'
import { answerHead, fieldLines, framingOf, type Framing } from './answer-head.js'
import type { BodyLength, Exchange, ExchangeEvents, RawHeaders, RequestHead } from './api.js'
import type { FrontConnection } from './front.js'
import type { Http1RequestHead } from './request-head.js'

/** Body chunks up to this size are copied behind the head, or between the lines of their own chunk, to leave in one piece. */
const SMALL = 16 * 1024
const NOTHING = Buffer.alloc(0)

/** The connection of an exchange, which calls it only while it is not over. */
export interface Http1Line {
  /** Lets the request's body come, and holds it back. */
  setFlowing(flowing: boolean): void
  /** How long it stays open behind the answer without another request, ms; 0: not at all. `framing` is that of the answer. */
  keepAliveMs(framing: Framing): number
  /** It is not kept behind the answer. */
  leave(): void
  /** Writes; false: there is no room, `onDrain` of the exchange is called once there is. Buffers are taken over. */
  write(chunk: Buffer): boolean
  /** As `write`, all in one. */
  writeAll(chunks: readonly Buffer[]): boolean
  /** The answer is written, but for what waits to leave. */
  answered(): void
  /** Breaks the connection off. */
  destroy(): void
  /** Gives the connection away with what came behind the request. */
  detach(): Duplex
}

/** One request of a front that speaks HTTP/1.1. */
export class Http1Exchange implements Exchange {
  readonly head: RequestHead
  readonly visitor: Visitor
  readonly connectionHost: string | null
  readonly certificate: VisitorCertificate | null
  readonly #line: Http1Line
  #events: ExchangeEvents | null = null
  #flowing = false
  /** What ended the body, until the body may flow. */
  #bodyEnd: RawHeaders | null = null
  /** The head of the answer, until the body begins or the turn is over. */
  #pending = ''
  #framing: Framing = 'none'
  #state: 'asked' | 'answering' | 'answered' | 'over' = 'asked'
  #continued = false

  constructor(head: Http1RequestHead, facts: FrontConnection, line: Http1Line) {
    const { method, target, authority, headers, repeats, version, body, expectsContinue, upgrade } = head
    const { scheme } = facts
    this.head = { method, target, scheme, authority, headers, repeats, version, body, expectsContinue, upgrade }
    this.visitor = facts.visitor
    this.connectionHost = facts.host
    this.certificate = facts.certificate
    this.#line = line
  }

  // What its connection calls.

  /** Nothing of an answer has left, nor will soon. */
  get unanswered(): boolean {
    return this.#state === 'asked'
  }

  /** The visitor waits for word before he sends the body, and has got none. */
  get waitsForContinue(): boolean {
    return this.head.expectsContinue && !this.#continued
  }

  onBody(slice: Buffer): void {
    if (this.#state !== 'over') this.#events?.onBody(slice)
  }

  onBodyEnd(trailers: RawHeaders): void {
    if (this.head.body === 'none' || this.#state === 'over') return
    if (this.#flowing) this.#events?.onBodyEnd(trailers)
    else this.#bodyEnd = trailers
  }

  onDrain(): void {
    if (this.#state === 'answering') this.#events?.onDrain()
  }

  /** It is over; `complete`: the whole answer was handed to the system. */
  close(complete: boolean): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#pending = ''
    this.#events?.onClose(complete)
  }

  // Exchange

  start(events: ExchangeEvents): void {
    this.#events = events
  }

  resume(): void {
    if (this.#state === 'over') return
    this.#flowing = true
    if (this.#bodyEnd === null) this.#line.setFlowing(true)
    else process.nextTick(tellBodyEnd, this)
  }

  /** The body is over, if it was waited for until now. */
  tellBodyEnd(): void {
    const trailers = this.#bodyEnd
    if (trailers === null || !this.#flowing) return
    this.#bodyEnd = null
    this.onBodyEnd(trailers)
  }

  pause(): void {
    if (this.#state === 'over') return
    this.#flowing = false
    this.#line.setFlowing(false)
  }

  inform(status: number, headers: RawHeaders): void {
    if (this.#state !== 'asked' || this.head.version === '1.0') return
    if (status === 100) {
      if (!this.waitsForContinue) return
      this.#continued = true
    }
    this.#line.write(latin1(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fieldLines(headers)}\r\n`))
  }

  respond(status: number, headers: RawHeaders, reason: string, body: BodyLength): void {
    if (this.#state !== 'asked') return
    const { version } = this.head
    const framing = framingOf(this.head, { status, headers, body })
    const keepAliveMs = this.#line.keepAliveMs(framing)
    this.#state = 'answering'
    this.#framing = framing
    this.#pending = answerHead({ status, reason, headers, framing, body, version, keepAliveMs })
    // What comes in one piece with the head may leave with it, and no more waits.
    process.nextTick(flushHead, this)
  }

  /** Sends the head, unless it has left with the body. */
  flushHead(): void {
    const head = this.#takePending()
    if (head !== '') this.#line.write(latin1(head))
  }

  write(chunk: Buffer): boolean {
    if (this.#state !== 'answering' || this.#framing === 'none') {
      giveBack(chunk, chunk.length)
      return true
    }
    if (chunk.length === 0) return true
    const head = this.#takePending()
    const before = this.#framing === 'chunked' ? `${head}${chunk.length.toString(16)}\r\n` : head
    const after = this.#framing === 'chunked' ? CRLF : NOTHING
    return this.#writeFramed(before, chunk, after)
  }

  end(trailers: RawHeaders): void {
    if (this.#state !== 'answering') return
    let text = this.#takePending()
    if (this.#framing === 'chunked') text += `0\r\n${fieldLines(trailers)}\r\n`
    this.#state = 'answered'
    if (text !== '') this.#line.write(latin1(text))
    this.#line.answered()
  }

  leave(): void {
    if (this.#state === 'asked') this.#line.leave()
  }

  abort(): void {
    if (this.#state !== 'over') this.#line.destroy()
  }

  switchProtocols(status: number, headers: RawHeaders): Duplex {
    const text = latin1(`HTTP/1.1 ${status} Switching Protocols\r\n${fieldLines(headers)}\r\n`)
    if (this.#state !== 'over') this.#line.write(text)
    this.#state = 'over'
    return this.#line.detach()
  }

  #takePending(): string {
    const head = this.#pending
    this.#pending = ''
    return head
  }

  #writeFramed(before: string, chunk: Buffer, after: Buffer): boolean {
    if (before === '') return this.#line.write(chunk)
    if (chunk.length > SMALL) return this.#line.writeAll([latin1(before), chunk, after])
    const whole = Buffer.allocUnsafe(before.length + chunk.length + after.length)
    whole.write(before, 0, 'latin1')
    chunk.copy(whole, before.length)
    if (after.length > 0) after.copy(whole, before.length + chunk.length)
    giveBack(chunk, chunk.length)
    return this.#line.write(whole)
  }
}

const CRLF = Buffer.from('\r\n')

// Methods bound to each exchange would be made for each request, most of them for nothing.

function tellBodyEnd(exchange: Http1Exchange): void {
  exchange.tellBodyEnd()
}

function flushHead(exchange: Http1Exchange): void {
  exchange.flushHead()
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
