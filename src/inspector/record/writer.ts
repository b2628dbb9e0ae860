import { costOfBody, stringCost } from '../cost.js'
import type { ExchangeBook } from '../book.js'
import type { Exchange, Message } from '../exchange.js'
import type { AnswerHead, ExchangeWriter, RequestHead, TimelineMessage } from '../reader.js'
import type { RawHeaders } from '../../proxy/http/api.js'
import { valueOf } from '../../proxy/http/fields.js'
import { nodeAddress } from '../../proxy/http/headers/forwarded.js'
import { copied, type Redactor } from '../redact/index.js'
import { EventStreamParser } from '../event-stream.js'
import { BodyKeeper } from './body.js'
import { codingsOf } from './codings.js'
import { InflationBudget } from './inflation-budget.js'
import { KeptAnswer, KeptMessage } from './kept-message.js'
import { Section } from './section.js'
import { TimelineKeeper } from './timeline.js'

/** Where exchanges are written to, and within what bounds. */
export interface RecordContext {
  readonly book: ExchangeBook
  readonly redactor: Redactor
  /** Bytes of each body that are kept, and of all messages of a timeline. */
  readonly bodyLimit: number
  /** Left out: bodies may be decompressed however many there are. */
  readonly inflation?: InflationBudget
}

/** Whose exchange it is. */
export interface ExchangeOrigin {
  readonly tunnel: string
  /** The address of who opened the connection; that of a request may be another. */
  readonly visitor: string
  /** What is to be added to the reader's time to have epoch milliseconds. */
  readonly epochMs: number
  /** Default: true. */
  readonly byVisitor?: boolean
  readonly replayOf?: string
}

/** Begins to keep an exchange. */
export function beginExchange(context: RecordContext, origin: ExchangeOrigin, head: RequestHead): ExchangeWriter {
  return new Writer(context, origin, head)
}

class Writer implements ExchangeWriter {
  readonly exchange: Exchange
  readonly #context: RecordContext
  readonly #startedAtMs: number
  readonly #request: KeptMessage
  #answer: KeptAnswer | null = null
  readonly #requestKeeper: BodyKeeper
  readonly #answerKeeper: BodyKeeper
  readonly #timeline: TimelineKeeper
  #events: EventStreamParser | null = null
  readonly #requestType: string
  #answerType = ''
  #requestOver = false
  /** The answer is whole, and the request not yet: an upstream may answer before it has read all. */
  #answerOver = false
  /** Memory of messages that are not whole yet. */
  #held = 0
  readonly #letGo: (() => void)[] = []
  /** It is not kept any more: nothing need be done. */
  #forgotten: boolean

  constructor(context: RecordContext, origin: ExchangeOrigin, head: RequestHead) {
    const { book, redactor, bodyLimit } = context
    const { fields, startedAtMs } = head
    const startedAt = startedAtMs + origin.epochMs
    this.#context = context
    this.#startedAtMs = startedAtMs
    this.#requestKeeper = new BodyKeeper(bodyLimit)
    this.#answerKeeper = new BodyKeeper(bodyLimit)
    this.#requestType = mediaTypeOf(fields)
    const target = redactor.target(head.target)
    const method = redactor.text(head.method)
    const host = redactor.host(head.host)
    const own = target !== head.target || method !== head.method || host !== head.host
    const section = sectionOf(head, redactor, own)
    this.#request = new KeptMessage(section, codingsIn(head, redactor))
    // A piece of a head holds all of it in memory, with its secrets.
    const piece = own || section.hasSecret ? copied : same
    const requestId = valueOf(fields, REQUEST_ID) ?? ''
    this.exchange = {
      id: book.nextId(startedAt),
      kind: 'http',
      state: 'open',
      tunnel: origin.tunnel,
      visitor: piece(visitorOf(fields) ?? origin.visitor),
      startedAt,
      method: piece(method),
      target: piece(target),
      targetSecret: null,
      host: piece(host),
      protocol: head.protocol,
      requestId: piece(redactor.field(REQUEST_ID, requestId).value),
      request: this.#request,
      response: null,
      requestDoneMs: null,
      answeredMs: null,
      doneMs: null,
      timeline: [],
      messages: 0,
      problem: null,
      byVisitor: origin.byVisitor ?? true,
      replayOf: origin.replayOf ?? null,
    }
    if (redactor.reveal && target !== head.target) this.exchange.targetSecret = copied(head.target)
    this.#timeline = new TimelineKeeper(this.exchange, bodyLimit, redactor)
    this.#forgotten = !book.add(this.exchange, () => this.#forget())
  }

  get wantsRequest(): boolean {
    return !this.#forgotten && this.#requestKeeper.wants
  }

  get wantsAnswer(): boolean {
    return !this.#forgotten && (this.#answerKeeper.wants || this.#events !== null)
  }

  get wantsMessages(): boolean {
    return !this.#forgotten && !this.#isOver && this.#timeline.wants
  }

  get inflation(): InflationBudget {
    return this.#context.inflation ?? UNBOUNDED
  }

  requestBody(bytes: Buffer): void {
    if (this.#isOver || this.#requestOver) return
    this.exchange.request.bytes += bytes.length
    this.#push(this.#requestKeeper, bytes)
  }

  requestBytes(bytes: number): void {
    if (this.#isOver) return
    if (bytes > 0) this.#requestKeeper.close()
    this.exchange.request.bytes += bytes
    this.#changed(0)
  }

  requestEnd(trailers: RawHeaders, atMs: number): void {
    if (this.#isOver || this.#requestOver) return
    this.exchange.requestDoneMs = this.#since(atMs)
    const added = this.#addTrailers(this.#request, trailers)
    const over = this.#answerOver ? this.#over('done') : 0
    this.#changed(added + this.#finishRequest(true, atMs) + over)
  }

  answer(head: AnswerHead, atMs: number): void {
    const { exchange } = this
    if (this.#isOver || exchange.response !== null) return
    const { redactor } = this.#context
    const { fields, status } = head
    const reason = redactor.text(head.reason)
    const section = sectionOf(head, redactor, reason !== head.reason)
    const isCopied = reason !== head.reason || section.hasSecret
    const answer = new KeptAnswer(section, codingsIn(head, redactor), status, isCopied ? copied(reason) : reason)
    exchange.response = this.#answer = answer
    exchange.answeredMs = this.#since(atMs)
    this.#answerType = mediaTypeOf(fields)
    if (this.#answerType === 'text/event-stream') {
      exchange.kind = 'sse'
      if (answer.codings.length === 0) this.#events = new EventStreamParser(this.#onEvent)
    }
    this.#changed(section.cost + stringCost(reason))
  }

  answerBody(bytes: Buffer, atMs: number): void {
    const { response } = this.exchange
    if (this.#isAnswered || response === null) return
    response.bytes += bytes.length
    this.#push(this.#answerKeeper, bytes)
    const events = this.#events
    if (events === null) return
    const before = events.cost
    events.push(bytes, atMs)
    this.holds(events.cost - before)
  }

  answerBytes(bytes: number): void {
    const { response } = this.exchange
    if (this.#isAnswered || response === null) return
    if (bytes > 0) this.#answerKeeper.close()
    response.bytes += bytes
    this.#changed(0)
  }

  answerEnd(trailers: RawHeaders, atMs: number): void {
    if (this.#isAnswered || this.#answer === null) return
    this.#answerOver = true
    const added = this.#addTrailers(this.#answer, trailers) + this.#finishAnswer(true, atMs)
    const over = this.#requestOver ? this.#over('done') : 0
    this.#changed(added + over)
  }

  is(kind: Exchange['kind']): void {
    if (this.#isOver) return
    this.exchange.kind = kind
    this.#changed(0)
  }

  message(message: TimelineMessage, atMs: number): void {
    if (this.#isOver) return
    this.#changed(this.#timeline.push(message, this.#since(atMs)))
  }

  holds(addedBytes: number): void {
    if (this.#isOver) return
    this.#held += addedBytes
    this.#changed(addedBytes)
  }

  whenForgotten(letGo: () => void): void {
    if (this.#forgotten) letGo()
    else this.#letGo.push(letGo)
  }

  problem(text: string): void {
    if (this.#isOver) return
    this.exchange.problem ??= this.#context.redactor.text(text)
    this.#changed(0)
  }

  cut(problem: string, atMs: number): void {
    const { exchange } = this
    if (this.#isOver) return
    let added = this.#finishRequest(false, atMs)
    if (!this.#answerOver) {
      exchange.problem ??= this.#context.redactor.text(problem)
      added += this.#finishAnswer(false, atMs)
    }
    this.#changed(added + this.#over(this.#answerOver ? 'done' : 'cut'))
  }

  get #isOver(): boolean {
    return this.exchange.state !== 'open'
  }

  /** Returns how much less memory is taken. */
  #over(state: Exchange['state']): number {
    this.exchange.state = state
    const held = this.#held
    this.#held = 0
    this.#letGo.length = 0
    return -held
  }

  /** Others need the memory, while this one is open. */
  #forget(): void {
    this.#forgotten = true
    this.#requestKeeper.drop()
    this.#answerKeeper.drop()
    this.#events = null
    this.exchange.timeline.length = 0
    for (const letGo of this.#letGo.splice(0)) letGo()
  }

  get #isAnswered(): boolean {
    return this.#answerOver || this.#isOver
  }

  #since(atMs: number): number {
    return atMs - this.#startedAtMs
  }

  #push(keeper: BodyKeeper, bytes: Buffer): void {
    if (this.#forgotten) return
    const before = keeper.cost
    keeper.push(bytes)
    this.#changed(keeper.cost - before)
  }

  #changed(addedBytes: number): void {
    if (!this.#forgotten) this.#forgotten = !this.#context.book.changed(this.exchange, addedBytes)
  }

  #addTrailers(message: KeptMessage, trailers: RawHeaders): number {
    return trailers.length === 0 ? 0 : message.setTrailers(Section.of(this.#context.redactor.fields(trailers)))
  }

  #finishAnswer(whole: boolean, atMs: number): number {
    const { exchange } = this
    const { response } = exchange
    exchange.doneMs = this.#since(atMs)
    if (response === null) return 0
    const before = this.#answerKeeper.cost
    const decoded = this.#finish(this.#answerKeeper, response, this.#answerType, whole, atMs)
    if (exchange.kind === 'sse' && this.#events === null && decoded !== null) {
      // Compressed events can be read only now that all are there.
      new EventStreamParser(this.#onEvent).push(decoded, atMs)
    }
    return costOfBody(response) - before
  }

  #finishRequest(whole: boolean, atMs: number): number {
    if (this.#requestOver) return 0
    this.#requestOver = true
    const { request } = this.exchange
    const before = this.#requestKeeper.cost
    this.#finish(this.#requestKeeper, request, this.#requestType, whole, atMs)
    return costOfBody(request) - before
  }

  /** As `BodyKeeper.finish`. */
  #finish(keeper: BodyKeeper, message: Message, mediaType: string, whole: boolean, atMs: number): Buffer | null {
    return keeper.finish(message, mediaType, whole, this.#context.redactor, this.inflation, atMs)
  }

  readonly #onEvent = (message: TimelineMessage, atMs: number): void => this.message(message, atMs)
}

const REQUEST_ID = 'x-request-id'
const UNBOUNDED = new InflationBudget(Infinity)

function same(text: string): string {
  return text
}

/** `own`: something else of the head was redacted, so that its memory is not to be held. */
function sectionOf({ fields, section }: RequestHead | AnswerHead, redactor: Redactor, own: boolean): Section {
  if (!own && section !== undefined && redactor.areHarmless(fields)) return Section.ofText(section)
  return Section.of(redactor.fields(fields))
}

function codingsIn({ codings, fields }: RequestHead | AnswerHead, redactor: Redactor): readonly string[] {
  const named = codings ?? codingsOf(fields)
  return named.length === 0 ? named : named.map((coding) => redactor.text(coding))
}

/** Without its parameters, in lower case. */
function mediaTypeOf(fields: RawHeaders): string {
  const type = valueOf(fields, 'content-type')
  if (type === undefined) return ''
  const end = type.indexOf(';')
  return (end < 0 ? type : type.slice(0, end)).trim().toLowerCase()
}

/** Of several visitors that share a connection the server names each in front of X-Forwarded-For. */
function visitorOf(fields: RawHeaders): string | null {
  const chain = valueOf(fields, 'x-forwarded-for')
  if (chain === undefined) return null
  const end = chain.indexOf(',')
  return nodeAddress(end < 0 ? chain : chain.slice(0, end))
}
