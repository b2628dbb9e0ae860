import type { RawHeaders } from '../../proxy/http/api.js'
import { listOf } from '../../proxy/http/fields.js'
import type { Direction, ExchangeSink, ExchangeWriter } from '../reader.js'
import { deflateTerms, MessageInflater } from './deflate.js'
import { FrameError } from './frames.js'
import { MessageReader, type MessageEvents } from './messages.js'

/** Reads both directions of a WebSocket onto the timeline of the exchange that it began with. */
export class WebSocketReader {
  readonly #writer: ExchangeWriter
  readonly #sink: ExchangeSink
  readonly #readers: Record<Direction, MessageReader | null>
  readonly #ended: Record<Direction, boolean> = { 'to-upstream': false, 'to-visitor': false }
  #closing = false

  /** `answerFields`: of the answer that agreed on it. */
  constructor(writer: ExchangeWriter, sink: ExchangeSink, answerFields: RawHeaders) {
    this.#writer = writer
    this.#sink = sink
    writer.is('websocket')
    const terms = deflateTerms(listOf(answerFields, 'sec-websocket-extensions'))
    if (terms === undefined) writer.problem('its extension is not known: messages may not be readable')
    const reader = (direction: Direction, startsAnew: boolean): MessageReader =>
      new MessageReader(direction, terms ? new MessageInflater(startsAnew) : null, this.#events(direction))
    this.#readers = {
      'to-upstream': reader('to-upstream', terms?.clientStartsAnew ?? false),
      'to-visitor': reader('to-visitor', terms?.serverStartsAnew ?? false),
    }
  }

  push(direction: Direction, bytes: Buffer, atMs: number): void {
    this.#count(direction, bytes.length, atMs)
    this.#try(direction, (reader) => reader.push(bytes, atMs))
  }

  missed(direction: Direction, bytes: number, atMs: number): void {
    this.#count(direction, bytes, atMs)
    this.#try(direction, (reader) => reader.missed(bytes, atMs))
  }

  end(direction: Direction, atMs: number): void {
    this.#ended[direction] = true
    if (this.#ended['to-upstream'] && this.#ended['to-visitor']) this.#writer.answerEnd([], atMs)
  }

  close(problem: string | null, atMs: number): void {
    if (this.#closing || problem === null) this.#writer.answerEnd([], atMs)
    else this.#writer.cut(problem, atMs)
  }

  #count(direction: Direction, bytes: number, atMs: number): void {
    if (direction === 'to-upstream') this.#writer.requestBytes(bytes, atMs)
    else this.#writer.answerBytes(bytes, atMs)
  }

  #try(direction: Direction, action: (reader: MessageReader) => void): void {
    const reader = this.#readers[direction]
    if (reader === null) return
    try {
      action(reader)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#readers[direction] = null
      this.#writer.problem(
        `from then on what went ${direction.replace('-', ' the ')} could not be read: ${error.message}`,
      )
      this.#sink.skip(direction, Infinity)
    }
  }

  #events(direction: Direction): MessageEvents {
    return {
      onMessage: (message, atMs) => this.#writer.message(message, atMs),
      onClose: () => {
        this.#closing = true
      },
      skip: (bytes) => this.#sink.skip(direction, bytes),
    }
  }
}
