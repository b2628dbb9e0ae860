import type { ConnectionReader, Direction, ExchangeSink } from '../reader.js'
import { errorName, FrameType, HpackDecoder, HpackError, Setting, type HeaderField } from '../../http2/index.js'
import { FrameError, FrameReader } from './frames.js'
import { Http2Call } from './http2-call.js'

/** Beyond what an upstream allows in earnest; further ones are not looked at. */
const MOST_OPEN = 10_000
/** Decoded text of one block; more is a bomb of indexed fields. */
const LARGEST_BLOCK = 1024 * 1024

/** Reads a connection that speaks HTTP/2 (RFC 9113), from its preface on; see `ConnectionReader`. */
export class Http2Reader implements ConnectionReader {
  readonly #sink: ExchangeSink
  readonly #bodyLimit: number
  readonly #calls = new Map<number, Http2Call>()
  readonly #requests: FrameReader
  readonly #answers: FrameReader
  readonly #requestFields = new HpackDecoder()
  readonly #answerFields = new HpackDecoder()
  #atMs = 0
  #broken = false

  /** @param bodyLimit bytes of a body, and of a message in it, that are kept */
  constructor(sink: ExchangeSink, bodyLimit: number) {
    this.#sink = sink
    this.#bodyLimit = bodyLimit
    this.#requests = new FrameReader(true, {
      block: (type, stream, block, end) => this.#onRequestBlock(type, stream, block, end),
      data: (stream, bytes) => this.#calls.get(stream)?.requestData(bytes, this.#atMs),
      endStream: (stream) => this.#requestEnd(stream, []),
      reset: (stream, code) => this.#onReset(stream, `the request was given up: ${errorName(code)}`),
      // Each end's decoder is told what the other may write to it: its own setting.
      setting: (id, value) => id === Setting.HEADER_TABLE_SIZE && this.#answerFields.allow(value),
    })
    this.#answers = new FrameReader(false, {
      block: (type, stream, block, end) => this.#onAnswerBlock(type, stream, block, end),
      data: (stream, bytes) => this.#calls.get(stream)?.answerData(bytes, this.#atMs),
      endStream: (stream) => this.#answerEnd(stream, []),
      reset: (stream, code) => this.#onReset(stream, `the upstream reset the stream: ${errorName(code)}`),
      setting: (id, value) => id === Setting.HEADER_TABLE_SIZE && this.#requestFields.allow(value),
    })
  }

  toUpstream(bytes: Buffer, atMs: number): void {
    this.#read(this.#requests, bytes, atMs)
  }

  toVisitor(bytes: Buffer, atMs: number): void {
    this.#read(this.#answers, bytes, atMs)
  }

  /** Nothing can be read without all that came before: the tables of field compression are in it. */
  missed(_direction: Direction, bytes: number, atMs: number): void {
    if (bytes > 0) this.#break('bytes before it came too fast to be read', atMs)
  }

  end(direction: Direction, atMs: number): void {
    if (direction === 'to-visitor') this.#cutAll('the upstream closed the connection', atMs)
  }

  close(problem: string | null, atMs: number): void {
    this.#cutAll(problem ?? 'the connection was closed', atMs)
  }

  #read(reader: FrameReader, bytes: Buffer, atMs: number): void {
    if (this.#broken) return
    this.#atMs = atMs
    try {
      reader.push(bytes)
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof HpackError)) throw error
      this.#break(`the connection is no HTTP/2 that could be read: ${error.message}`, atMs)
    }
  }

  #break(problem: string, atMs: number): void {
    if (this.#broken) return
    this.#broken = true
    this.#cutAll(problem, atMs)
    this.#sink.skip('to-upstream', Infinity)
    this.#sink.skip('to-visitor', Infinity)
  }

  #cutAll(problem: string, atMs: number): void {
    for (const call of this.#calls.values()) call.cut(problem, atMs)
    this.#calls.clear()
  }

  #onRequestBlock(type: number, stream: number, block: Buffer, endStream: boolean): void {
    const fields = fieldsOf(this.#requestFields, block)
    if (type !== FrameType.HEADERS) return
    if (this.#calls.has(stream)) return this.#requestEnd(stream, fields)
    if (this.#calls.size >= MOST_OPEN) return
    this.#calls.set(stream, new Http2Call(this.#sink, fields, this.#bodyLimit, this.#atMs))
    if (endStream) this.#requestEnd(stream, [])
  }

  #onAnswerBlock(type: number, stream: number, block: Buffer, endStream: boolean): void {
    const fields = fieldsOf(this.#answerFields, block)
    const call = this.#calls.get(stream)
    if (call === undefined || type !== FrameType.HEADERS) return
    if (call.answered) return this.#answerEnd(stream, fields)
    call.answer(fields, this.#atMs)
    if (endStream) this.#answerEnd(stream, [])
  }

  #requestEnd(stream: number, trailers: readonly HeaderField[]): void {
    this.#calls.get(stream)?.requestEnd(trailers, this.#atMs)
    this.#forgetOver(stream)
  }

  #answerEnd(stream: number, trailers: readonly HeaderField[]): void {
    this.#calls.get(stream)?.answerEnd(trailers, this.#atMs)
    this.#forgetOver(stream)
  }

  #forgetOver(stream: number): void {
    if (this.#calls.get(stream)?.over === true) this.#calls.delete(stream)
  }

  #onReset(stream: number, problem: string): void {
    this.#calls.get(stream)?.cut(problem, this.#atMs)
    this.#calls.delete(stream)
  }
}

function fieldsOf(decoder: HpackDecoder, block: Buffer): HeaderField[] {
  const fields = decoder.decode(block, 0, block.length, LARGEST_BLOCK)
  if (fields === null) throw new HpackError(`its fields are larger than ${LARGEST_BLOCK} bytes`)
  return fields
}
