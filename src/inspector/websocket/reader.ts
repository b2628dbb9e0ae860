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
  /** Memory that is taken for messages that are not whole yet. */
  #held = 0

  /** `answerFields`: of the answer that agreed on it. */
  constructor(writer: ExchangeWriter, sink: ExchangeSink, answerFields: RawHeaders) {
    this.#writer = writer
    this.#sink = sink
    writer.is('websocket')
    const terms = deflateTerms(listOf(answerFields, 'sec-websocket-extensions'))
    if (terms === undefined) writer.problem('its extension is not known: messages may not be readable')
    const reader = (direction: Direction, startsAnew: boolean): MessageReader =>
      new MessageReader(
        direction,
        terms ? new MessageInflater(startsAnew, writer.inflation) : null,
        this.#events(direction),
      )
    this.#readers = {
      'to-upstream': reader('to-upstream', terms?.clientStartsAnew ?? false),
      'to-visitor': reader('to-visitor', terms?.serverStartsAnew ?? false),
    }
    writer.whenForgotten(() => this.#giveUp())
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
    this.#account()
  }

  #account(): void {
    const { 'to-upstream': requests, 'to-visitor': answers } = this.#readers
    const held = (requests?.cost ?? 0) + (answers?.cost ?? 0)
    if (held === this.#held) return
    const added = held - this.#held
    this.#held = held
    this.#writer.holds(added)
  }

  /** The exchange is not kept any more. */
  #giveUp(): void {
    for (const direction of ['to-upstream', 'to-visitor'] as const) {
      this.#readers[direction] = null
      this.#sink.skip(direction, Infinity)
    }
  }

  #events(direction: Direction): MessageEvents {
    const writer = this.#writer
    return {
      get wants() {
        return writer.wantsMessages
      },
      onMessage: (message, atMs) => {
        // What it held is given back before it takes room on the timeline.
        this.#account()
        writer.message(message, atMs)
      },
      onClose: () => {
        this.#closing = true
      },
      skip: (bytes) => this.#sink.skip(direction, bytes),
    }
  }
}
