import type { HeaderField } from '../../http2/index.js'
import type { RawHeaders } from '../../proxy/http/api.js'
import { GrpcTimeline } from '../grpc/grpc-timeline.js'
import type { Direction, ExchangeSink, ExchangeWriter } from '../reader.js'

/** One request of an HTTP/2 connection, and its answer. */
export class Http2Call {
  readonly #writer: ExchangeWriter
  readonly #bodyLimit: number
  readonly #requestMessages: GrpcTimeline | null
  #answerMessages: GrpcTimeline | null = null
  /** The head of the answer came, and no interim one. */
  answered = false
  #requestOver = false
  #answerOver = false

  constructor(sink: ExchangeSink, fields: readonly HeaderField[], bodyLimit: number, atMs: number) {
    this.#bodyLimit = bodyLimit
    this.#writer = sink.begin({
      method: valueOf(fields, ':method'),
      target: valueOf(fields, ':path'),
      host: valueOf(fields, ':authority') || valueOf(fields, 'host'),
      protocol: 'HTTP/2.0',
      fields: plainFields(fields),
      startedAtMs: atMs,
    })
    this.#requestMessages = this.#grpcTimeline('to-upstream', fields)
  }

  requestData(bytes: Buffer, atMs: number): void {
    if (this.#writer.wantsRequest) this.#writer.requestBody(bytes, atMs)
    else this.#writer.requestBytes(bytes.length, atMs)
    this.#requestMessages?.push(bytes, atMs)
  }

  /** Both directions are over: nothing more comes. An upstream may answer before it has read the whole request. */
  get over(): boolean {
    return this.#requestOver && this.#answerOver
  }

  requestEnd(trailers: readonly HeaderField[], atMs: number): void {
    this.#requestOver = true
    this.#requestMessages?.end()
    this.#writer.requestEnd(plainFields(trailers), atMs)
  }

  answer(fields: readonly HeaderField[], atMs: number): void {
    const status = Number(valueOf(fields, ':status'))
    // There is no 101 in HTTP/2 (RFC 9113 §8.6).
    if (status >= 100 && status < 200) return
    this.answered = true
    this.#writer.answer({ status, reason: '', fields: plainFields(fields) }, atMs)
    this.#answerMessages = this.#grpcTimeline('to-visitor', fields)
  }

  answerData(bytes: Buffer, atMs: number): void {
    if (this.#writer.wantsAnswer) this.#writer.answerBody(bytes, atMs)
    else this.#writer.answerBytes(bytes.length, atMs)
    this.#answerMessages?.push(bytes, atMs)
  }

  answerEnd(trailers: readonly HeaderField[], atMs: number): void {
    this.#answerOver = true
    this.#answerMessages?.end()
    this.#writer.answerEnd(plainFields(trailers), atMs)
  }

  cut(problem: string, atMs: number): void {
    this.#writer.cut(problem, atMs)
  }

  #grpcTimeline(direction: Direction, fields: readonly HeaderField[]): GrpcTimeline | null {
    if (!/^application\/grpc(?![-\w])|^application\/grpc-web(?!-text)/.test(valueOf(fields, 'content-type')))
      return null
    this.#writer.is('grpc')
    return new GrpcTimeline(this.#writer, direction, valueOf(fields, 'grpc-encoding'), this.#bodyLimit)
  }
}

function valueOf(fields: readonly HeaderField[], name: string): string {
  return fields.find(([other]) => other === name)?.[1] ?? ''
}

/** Without pseudo-header fields. */
function plainFields(fields: readonly HeaderField[]): RawHeaders {
  return fields.filter(([name]) => !name.startsWith(':')).flat()
}
