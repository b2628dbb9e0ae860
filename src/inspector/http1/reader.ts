import { HeadCollector } from '../../proxy/http/head-collector.js'
import { OBSERVED } from './observed.js'
import { parseResponseHead, type ResponseHead } from '../../proxy/http/response-head.js'
import type { ConnectionReader, Direction, ExchangeSink, ExchangeWriter } from '../reader.js'
import { BodyCutter } from './body.js'
import { looksLikeRequest, readRequestHead, sectionOf, type WrittenRequestHead } from './request-head.js'
import { readerOfUpgraded, type UpgradedReader } from './upgraded.js'

const MAX_HEAD = 256 * 1024
/** Requests on one connection that wait for their answers. */
const MAX_PIPELINED = 1_000
/** What comes behind a request for another protocol, before it is answered. */
const MAX_HELD = 64 * 1024
/** Fewer bytes are not worth to be left out. */
const MIN_SKIP = 64 * 1024

interface Waiting {
  readonly writer: ExchangeWriter
  readonly method: string
}

/**
 * HTTP/1.1 on one connection, one exchange after another or pipelined (RFC 9112 §9.3). When bytes were missed, or are no
 * HTTP, what is under way is cut, and it goes on with the next bytes that look like a request.
 */
export class Http1Reader implements ConnectionReader {
  readonly #sink: ExchangeSink
  /** The oldest first; it is the one that is answered. */
  #waiting: Waiting[] = []
  #lost = false
  /** Once another protocol was agreed on. */
  #upgraded: UpgradedReader | null = null

  #requestHead = newCollector()
  #requestBeganMs = 0
  #requestBody: BodyCutter | null = null
  #requestWriter: ExchangeWriter | null = null
  #requestBodySeen = false
  /** Not null: a request for another protocol waits for its answer, and these bytes behind it. */
  #held: Buffer | null = null

  #answerHead = newCollector()
  #answerBeganMs = 0
  #answerBody: BodyCutter | null = null

  constructor(sink: ExchangeSink) {
    this.#sink = sink
  }

  toUpstream(bytes: Buffer, atMs: number): void {
    if (this.#lost && !this.#resumes(bytes)) return
    this.#try(atMs, () => this.#pushRequests(bytes, atMs))
  }

  toVisitor(bytes: Buffer, atMs: number): void {
    if (!this.#lost) this.#try(atMs, () => this.#pushAnswers(bytes, atMs))
  }

  missed(direction: Direction, bytes: number, atMs: number): void {
    if (this.#upgraded !== null) return this.#upgraded.missed(direction, bytes, atMs)
    if (this.#lost || bytes === 0) return
    const fits = direction === 'to-upstream' ? this.#missedRequest(bytes, atMs) : this.#missedAnswer(bytes, atMs)
    if (!fits) this.#lose(`${bytes} bytes of it came faster than they could be read`, atMs)
  }

  end(direction: Direction, atMs: number): void {
    if (this.#upgraded !== null) return this.#upgraded.end(direction, atMs)
    if (direction === 'to-visitor') this.#endAnswers('the upstream closed the connection', atMs)
  }

  close(problem: string | null, atMs: number): void {
    if (this.#upgraded !== null) this.#upgraded.close(problem, atMs)
    else if (problem === null) {
      this.#endAnswers('the connection was closed', atMs)
      this.#abandonBody(atMs)
    } else this.#lose(problem, atMs)
  }

  // Requests.

  #pushRequests(bytes: Buffer, atMs: number): void {
    if (this.#isUnsentBody(bytes)) this.#abandonBody(atMs)
    let at = 0
    while (at < bytes.length) {
      if (this.#upgraded !== null) return this.#upgraded.push('to-upstream', bytes.subarray(at), atMs)
      if (this.#held !== null) return this.#hold(bytes.subarray(at))
      at = this.#requestBody === null ? this.#pushRequestHead(bytes, at, atMs) : this.#pushRequestBody(bytes, at, atMs)
    }
  }

  #pushRequestHead(bytes: Buffer, from: number, atMs: number): number {
    const head = this.#requestHead
    if (head.bytes === 0) {
      if (bytes[from] === CR || bytes[from] === LF) return from + 1
      this.#requestBeganMs = atMs
    }
    const text = head.collect(bytes, from)
    if (text === null) return head.next
    const request = readRequestHead(text)
    if (request === null) throw OBSERVED.wrong('the request has no request line')
    this.#begin(request, atMs)
    return head.next
  }

  #begin(request: WrittenRequestHead, atMs: number): void {
    if (this.#waiting.length >= MAX_PIPELINED) throw OBSERVED.wrong('too many requests wait for it')
    const writer = this.#sink.begin({ ...request, startedAtMs: this.#requestBeganMs })
    this.#waiting.push({ writer, method: request.method })
    if (request.asksForOther) this.#held = NOTHING
    if (request.body === 0) return writer.requestEnd([], atMs)
    this.#requestBody = new BodyCutter(request.body)
    this.#requestWriter = writer
    this.#requestBodySeen = false
  }

  #pushRequestBody(bytes: Buffer, from: number, atMs: number): number {
    const body = this.#requestBody!
    const writer = this.#requestWriter!
    this.#requestBodySeen = true
    const next = body.push(bytes, from, { onBody: (slice) => writer.requestBody(slice, atMs) })
    if (!this.#endRequest(atMs) && next === bytes.length && !writer.wantsRequest) this.#skip('to-upstream', body)
    return next
  }

  #missedRequest(bytes: number, atMs: number): boolean {
    if (this.#requestBody?.missed(bytes) !== true) return false
    this.#requestWriter!.requestBytes(bytes, atMs)
    this.#endRequest(atMs)
    return true
  }

  #endRequest(atMs: number): boolean {
    const trailers = this.#requestBody?.trailers ?? null
    if (trailers === null) return false
    this.#requestWriter!.requestEnd(trailers, atMs)
    this.#giveUpBody()
    return true
  }

  /** A request was answered before its body was sent, and it was not sent (`Expect: 100-continue`): another begins. */
  #isUnsentBody(bytes: Buffer): boolean {
    return this.#isAnsweredEarly && !this.#requestBodySeen && looksLikeRequest(bytes)
  }

  /** The answer of the request whose body is being sent is whole. */
  get #isAnsweredEarly(): boolean {
    return this.#requestWriter !== null && this.#waiting.length === 0
  }

  /** The rest of a body does not come. */
  #abandonBody(atMs: number): void {
    this.#requestWriter?.cut('its body was not sent whole', atMs)
    this.#giveUpBody()
  }

  #giveUpBody(): void {
    this.#requestBody = null
    this.#requestWriter = null
  }

  #hold(bytes: Buffer): void {
    const held = this.#held!
    if (held.length + bytes.length > MAX_HELD)
      throw OBSERVED.wrong('it did not come while much was sent behind the request')
    this.#held = Buffer.concat([held, bytes])
  }

  // Answers.

  #pushAnswers(bytes: Buffer, atMs: number): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#upgraded !== null) return this.#upgraded.push('to-visitor', bytes.subarray(at), atMs)
      // Such as 408 of an upstream that gives up an idle connection.
      if (this.#waiting.length === 0) return
      at = this.#answerBody === null ? this.#pushAnswerHead(bytes, at, atMs) : this.#pushAnswerBody(bytes, at, atMs)
    }
  }

  #pushAnswerHead(bytes: Buffer, from: number, atMs: number): number {
    const head = this.#answerHead
    if (head.bytes === 0) this.#answerBeganMs = atMs
    const text = head.collect(bytes, from)
    if (text === null) return head.next
    const { method, writer } = this.#waiting[0]!
    const answer = parseResponseHead(text, method)
    const { status, reason, headers, body } = answer
    const isSwitch = status === 101 || (method === 'CONNECT' && status < 300 && status >= 200)
    if (status < 200 && !isSwitch) return head.next
    writer.answer({ status, reason, fields: headers, section: sectionOf(text) }, this.#answerBeganMs)
    if (isSwitch) this.#switch(answer, atMs)
    else if (body === 'none' || body === 0) this.#endAnswer([], atMs)
    else this.#answerBody = new BodyCutter(body)
    return head.next
  }

  #pushAnswerBody(bytes: Buffer, from: number, atMs: number): number {
    const body = this.#answerBody!
    const { writer } = this.#waiting[0]!
    const next = body.push(bytes, from, { onBody: (slice) => writer.answerBody(slice, atMs) })
    if (body.trailers !== null) this.#endAnswer(body.trailers, atMs)
    else if (next === bytes.length && !writer.wantsAnswer) this.#skip('to-visitor', body)
    return next
  }

  #missedAnswer(bytes: number, atMs: number): boolean {
    // Nobody waits for them.
    if (this.#waiting.length === 0) return true
    const body = this.#answerBody
    if (body?.missed(bytes) !== true) return false
    this.#waiting[0]!.writer.answerBytes(bytes, atMs)
    if (body.trailers !== null) this.#endAnswer(body.trailers, atMs)
    return true
  }

  #endAnswer(trailers: readonly string[], atMs: number): void {
    this.#answerBody = null
    this.#waiting.shift()!.writer.answerEnd(trailers, atMs)
    this.#release(atMs)
  }

  /** Another protocol was asked for, and not granted. */
  #release(atMs: number): void {
    const held = this.#held
    if (held === null) return
    this.#held = null
    if (held.length > 0) this.#try(atMs, () => this.#pushRequests(held, atMs))
  }

  #switch(answer: ResponseHead, atMs: number): void {
    const [first, ...others] = this.#waiting
    const { writer } = first!
    this.#waiting = []
    if (this.#requestWriter === writer) this.#giveUpBody()
    this.#abandonBody(atMs)
    for (const other of others) other.writer.cut('the connection went over to another protocol before its answer', atMs)
    this.#upgraded = readerOfUpgraded(writer, this.#sink, answer.headers, atMs)
    const held = this.#held
    this.#held = null
    if (held !== null && held.length > 0) this.#upgraded.push('to-upstream', held, atMs)
  }

  #endAnswers(how: string, atMs: number): void {
    if (this.#lost) return
    if (this.#answerBody?.endsWithConnection === true) this.#endAnswer([], atMs)
    const where = this.#answerBody === null ? 'before its answer' : 'in the middle of its answer'
    if (this.#waiting.length > 0) this.#lose(`${how} ${where}`, atMs)
  }

  // Both.

  #skip(direction: Direction, body: BodyCutter): void {
    if (body.left >= MIN_SKIP) this.#sink.skip(direction, body.left)
  }

  #try(atMs: number, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error), atMs)
    }
  }

  #lose(problem: string, atMs: number): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#lost = true
    this.#held = null
    this.#answerBody = null
    for (const { writer } of waiting) writer.cut(problem, atMs)
    this.#abandonBody(atMs)
  }

  /** Bytes from which it can go on. */
  #resumes(bytes: Buffer): boolean {
    if (!looksLikeRequest(bytes)) return false
    this.#lost = false
    this.#requestHead = newCollector()
    this.#answerHead = newCollector()
    return true
  }
}

function newCollector(): HeadCollector {
  return new HeadCollector(MAX_HEAD, OBSERVED)
}

const NOTHING = Buffer.alloc(0)
const CR = 0x0d
const LF = 0x0a
