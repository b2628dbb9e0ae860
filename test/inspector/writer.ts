import type { Answer, Exchange, KeptField, Message } from '../../src/inspector/exchange.js'
import type { ExchangeBook } from '../../src/inspector/book.js'
import type { Recording } from '../../src/inspector/files/recording.js'
import type { ExchangeWriter, RequestHead } from '../../src/inspector/reader.js'
import type { Origin, Recorder } from '../../src/inspector/replay/replayer.js'
import { exchange } from './support.js'

/** What a test's recorder takes for secrets. */
const SECRET = new Set(['authorization', 'set-cookie'])

export function kept(flat: readonly string[], reveal = true): KeptField[] {
  const fields: KeptField[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const [name, value] = [flat[i]!, flat[i + 1]!]
    const redacted = SECRET.has(name.toLowerCase())
    fields.push({ name, value: redacted ? '[redacted]' : value, redacted, secret: redacted && reveal ? value : null })
  }
  return fields
}

export function message(
  flat: readonly string[] = [],
  body: string | Buffer = '',
  parts: Partial<Message> = {},
): Message {
  const bytes = Buffer.from(body as string)
  return {
    fields: kept(flat),
    trailers: [],
    body: bytes.length === 0 ? [] : [bytes],
    bytes: bytes.length,
    codings: [],
    truncated: false,
    redacted: false,
    problem: null,
    ...parts,
  }
}

export function answer(
  status: number,
  flat: readonly string[] = [],
  body: string | Buffer = '',
  parts: Partial<Message> = {},
): Answer {
  return { ...message(flat, body, parts), status, reason: 'OK' }
}

/** Keeps everything, in this book; redacts `Authorization` and `Set-Cookie` alone. */
export class TestRecorder implements Recorder {
  readonly #book: ExchangeBook

  constructor(book: ExchangeBook) {
    this.#book = book
  }

  begin(head: RequestHead, { tunnel, replayOf }: Origin): ExchangeWriter {
    const { method, target, host, protocol, fields } = head
    const made = exchange(this.#book.nextId(Date.now()), {
      state: 'open',
      tunnel,
      method,
      target,
      host,
      protocol,
      replayOf,
      request: message(fields),
      response: null,
      requestDoneMs: null,
      answeredMs: null,
      doneMs: null,
    })
    this.#book.add(made)
    return new TestWriter(made, this.#book, head.startedAtMs)
  }

  imported(recording: Recording): Exchange {
    const flat = (fields: Recording['request']['fields']) => fields.flatMap(({ name, value }) => [name, value])
    const { request, response } = recording
    return exchange(this.#book.nextId(Date.now()), {
      method: recording.method,
      target: recording.target,
      host: recording.host,
      request: message(flat(request.fields), request.body),
      response: response === null ? null : answer(response.status, flat(response.fields), response.body),
    })
  }
}

class TestWriter implements ExchangeWriter {
  readonly exchange: Exchange
  readonly wantsRequest = true
  readonly wantsAnswer = true
  readonly #book: ExchangeBook
  readonly #startedAtMs: number

  constructor(made: Exchange, book: ExchangeBook, startedAtMs: number) {
    this.exchange = made
    this.#book = book
    this.#startedAtMs = startedAtMs
  }

  requestBody(bytes: Buffer): void {
    this.#add(this.exchange.request, bytes)
  }
  requestBytes(): void {}
  requestEnd(_trailers: readonly string[], atMs: number): void {
    this.exchange.requestDoneMs = atMs - this.#startedAtMs
    this.#changed()
  }
  answer(
    { status, reason, fields }: { status: number; reason: string; fields: readonly string[] },
    atMs: number,
  ): void {
    this.exchange.response = { ...answer(status, fields), reason }
    this.exchange.answeredMs = atMs - this.#startedAtMs
    this.#changed()
  }
  answerBody(bytes: Buffer): void {
    this.#add(this.exchange.response!, bytes)
  }
  answerBytes(): void {}
  answerEnd(trailers: readonly string[], atMs: number): void {
    const { response } = this.exchange
    response?.trailers.push(...kept(trailers))
    this.exchange.state = 'done'
    this.exchange.doneMs = atMs - this.#startedAtMs
    this.#changed()
  }
  is(kind: Exchange['kind']): void {
    this.exchange.kind = kind
  }
  message(): void {}
  problem(text: string): void {
    this.exchange.problem ??= text
  }
  cut(problem: string, atMs: number): void {
    this.exchange.state = 'cut'
    this.exchange.problem = problem
    this.exchange.doneMs = atMs - this.#startedAtMs
    this.#changed()
  }

  #add(message: Message, bytes: Buffer): void {
    if (bytes.length === 0) return
    message.body.push(Buffer.from(bytes))
    message.bytes += bytes.length
    this.#changed(bytes.length)
  }
  #changed(bytes = 0): void {
    this.#book.changed(this.exchange, bytes)
  }
}
