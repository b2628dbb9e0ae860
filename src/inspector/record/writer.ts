import { costOfBody, fieldsCost, stringCost } from '../cost.js'
import type { ExchangeBook } from '../book.js'
import type { Answer, Exchange, Message } from '../exchange.js'
import type { AnswerHead, ExchangeWriter, RequestHead, TimelineMessage } from '../reader.js'
import type { RawHeaders } from '../../proxy/http/api.js'
import { valueOf } from '../../proxy/http/fields.js'
import { nodeAddress } from '../../proxy/http/headers/forwarded.js'
import { copied, type Redactor } from '../redact/index.js'
import { EventStreamParser } from '../event-stream.js'
import { BodyKeeper } from './body.js'
import { codingsOf } from './codings.js'
import type { InflationBudget } from './inflation-budget.js'
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
  readonly #request: BodyKeeper
  readonly #answer: BodyKeeper
  readonly #timeline: TimelineKeeper
  #events: EventStreamParser | null = null
  readonly #requestType: string
  #answerType = ''
  #requestOver = false
  /** The answer is whole, and the request not yet: an upstream may answer before it has read all. */
  #answerOver = false
  /** It is not kept any more: nothing need be done. */
  #forgotten: boolean

  constructor(context: RecordContext, origin: ExchangeOrigin, head: RequestHead) {
    const { book, redactor, bodyLimit } = context
    const { fields, startedAtMs } = head
    const startedAt = startedAtMs + origin.epochMs
    this.#context = context
    this.#startedAtMs = startedAtMs
    this.#request = new BodyKeeper(bodyLimit)
    this.#answer = new BodyKeeper(bodyLimit)
    this.#requestType = mediaTypeOf(fields)
    const target = redactor.target(head.target)
    const request = messageOf(fields, redactor, target !== head.target)
    const piece = hasSecret(request) || target !== head.target ? copied : same
    this.exchange = {
      id: book.nextId(startedAt),
      kind: 'http',
      state: 'open',
      tunnel: origin.tunnel,
      visitor: piece(visitorOf(fields) ?? origin.visitor),
      startedAt,
      method: piece(head.method),
      target: piece(target),
      targetSecret: null,
      host: piece(head.host),
      protocol: head.protocol,
      requestId: piece(valueOf(fields, 'x-request-id') ?? ''),
      request,
      response: null,
      requestDoneMs: null,
      answeredMs: null,
      doneMs: null,
      timeline: [],
      messages: 0,
      problem: null,
      replayOf: origin.replayOf ?? null,
    }
    if (redactor.reveal && target !== head.target) this.exchange.targetSecret = copied(head.target)
    this.#timeline = new TimelineKeeper(this.exchange, bodyLimit, redactor)
    this.#forgotten = !book.add(this.exchange)
  }

  get wantsRequest(): boolean {
    return !this.#forgotten && this.#request.wants
  }

  get wantsAnswer(): boolean {
    return !this.#forgotten && (this.#answer.wants || this.#events !== null)
  }

  requestBody(bytes: Buffer): void {
    if (this.#isOver || this.#requestOver) return
    this.exchange.request.bytes += bytes.length
    this.#push(this.#request, bytes)
  }

  requestBytes(bytes: number): void {
    if (this.#isOver) return
    this.exchange.request.bytes += bytes
    this.#changed(0)
  }

  requestEnd(trailers: RawHeaders, atMs: number): void {
    if (this.#isOver || this.#requestOver) return
    this.exchange.requestDoneMs = this.#since(atMs)
    const added = this.#addTrailers(this.exchange.request, trailers)
    if (this.#answerOver) this.exchange.state = 'done'
    this.#changed(added + this.#finishRequest(true, atMs))
  }

  answer({ status, reason, fields }: AnswerHead, atMs: number): void {
    const { exchange } = this
    if (this.#isOver || exchange.response !== null) return
    const message = messageOf(fields, this.#context.redactor)
    const answer: Answer = { ...message, status, reason: hasSecret(message) ? copied(reason) : reason }
    exchange.response = answer
    exchange.answeredMs = this.#since(atMs)
    this.#answerType = mediaTypeOf(fields)
    if (this.#answerType === 'text/event-stream') {
      exchange.kind = 'sse'
      if (answer.codings.length === 0) this.#events = new EventStreamParser(this.#onEvent)
    }
    this.#changed(fieldsCost(answer.fields) + stringCost(reason))
  }

  answerBody(bytes: Buffer, atMs: number): void {
    const { response } = this.exchange
    if (this.#isAnswered || response === null) return
    response.bytes += bytes.length
    this.#push(this.#answer, bytes)
    this.#events?.push(bytes, atMs)
  }

  answerBytes(bytes: number): void {
    const { response } = this.exchange
    if (this.#isAnswered || response === null) return
    response.bytes += bytes
    this.#changed(0)
  }

  answerEnd(trailers: RawHeaders, atMs: number): void {
    const { exchange } = this
    if (this.#isAnswered || exchange.response === null) return
    this.#answerOver = true
    const added = this.#addTrailers(exchange.response, trailers) + this.#finishAnswer(true, atMs)
    if (this.#requestOver) exchange.state = 'done'
    this.#changed(added)
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

  problem(text: string): void {
    if (this.#isOver) return
    this.exchange.problem ??= text
    this.#changed(0)
  }

  cut(problem: string, atMs: number): void {
    const { exchange } = this
    if (this.#isOver) return
    let added = this.#finishRequest(false, atMs)
    if (!this.#answerOver) {
      exchange.problem ??= problem
      added += this.#finishAnswer(false, atMs)
    }
    exchange.state = this.#answerOver ? 'done' : 'cut'
    this.#changed(added)
  }

  get #isOver(): boolean {
    return this.exchange.state !== 'open'
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

  #addTrailers(message: Message, trailers: RawHeaders): number {
    if (trailers.length === 0) return 0
    const kept = this.#context.redactor.fields(trailers)
    message.trailers.push(...kept)
    return fieldsCost(kept)
  }

  #finishAnswer(whole: boolean, atMs: number): number {
    const { exchange } = this
    const { response } = exchange
    exchange.doneMs = this.#since(atMs)
    if (response === null) return 0
    const before = this.#answer.cost
    const decoded = this.#finish(this.#answer, response, this.#answerType, whole, atMs)
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
    const before = this.#request.cost
    this.#finish(this.#request, request, this.#requestType, whole, atMs)
    return costOfBody(request) - before
  }

  /** As `BodyKeeper.finish`. */
  #finish(keeper: BodyKeeper, message: Message, mediaType: string, whole: boolean, atMs: number): Buffer | null {
    const { redactor, inflation } = this.#context
    const { cost } = keeper
    const isCoded = message.codings.length > 0
    const decoded = keeper.finish(message, mediaType, whole, redactor, inflation?.at(atMs))
    if (isCoded && decoded !== null) inflation?.spend(decoded.length - cost)
    return decoded
  }

  readonly #onEvent = (message: TimelineMessage, atMs: number): void => this.message(message, atMs)
}

function hasSecret({ fields }: Message): boolean {
  return fields.some(({ redacted }) => redacted)
}

function same(text: string): string {
  return text
}

function messageOf(fields: RawHeaders, redactor: Redactor, own = false): Message {
  return {
    fields: redactor.fields(fields, own),
    trailers: [],
    body: [],
    bytes: 0,
    codings: codingsOf(fields),
    truncated: false,
    redacted: false,
    problem: null,
  }
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
