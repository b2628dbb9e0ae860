import { StringDecoder } from 'node:string_decoder'
import type { TimelineMessage } from './reader.js'

/** Bytes of an event that are read; of a longer one the rest is counted. */
const MAX_EVENT = 64 * 1024

/**
 * Reads `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)
 * and makes a message of each event that has data. Bytes may come cut anywhere.
 */
export class EventStreamParser {
  readonly #onEvent: (message: TimelineMessage, atMs: number) => void
  readonly #decoder = new StringDecoder('utf8')
  #line = ''
  #afterReturn = false
  #first = true
  #data: string | null = null
  #name = ''
  #bytes = 0
  #isPart = false

  constructor(onEvent: (message: TimelineMessage, atMs: number) => void) {
    this.#onEvent = onEvent
  }

  /** Memory that the event takes that is under way, bytes at least. */
  get cost(): number {
    return this.#line.length + (this.#data?.length ?? 0)
  }

  push(bytes: Buffer, atMs: number): void {
    let text = this.#decoder.write(bytes)
    if (this.#first && text !== '') {
      this.#first = false
      if (text.startsWith('\ufeff')) text = text.slice(1)
    }
    let at = 0
    while (at < text.length) {
      if (this.#afterReturn && text[at] === '\n') at++
      this.#afterReturn = false
      LINE_END.lastIndex = at
      const end = LINE_END.exec(text)?.index ?? -1
      this.#extend(end < 0 ? text.slice(at) : text.slice(at, end))
      if (end < 0) return
      this.#afterReturn = text[end] === '\r'
      at = end + 1
      this.#takeLine(atMs)
    }
  }

  #extend(text: string): void {
    this.#bytes += Buffer.byteLength(text)
    const room = MAX_EVENT - this.#line.length - (this.#data?.length ?? 0)
    if (text.length > room) this.#isPart = true
    this.#line += text.slice(0, Math.max(0, room))
  }

  #takeLine(atMs: number): void {
    const line = this.#line
    this.#line = ''
    this.#bytes++
    if (line === '') return this.#dispatch(atMs)
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') this.#data = this.#data === null ? value : `${this.#data}\n${value}`
    else if (name === 'event') this.#name = value
  }

  #dispatch(atMs: number): void {
    const data = this.#data
    if (data !== null) {
      const message: TimelineMessage = {
        direction: 'to-visitor',
        kind: 'event',
        label: this.#name.slice(0, 256),
        payload: Buffer.from(data),
        bytes: this.#bytes,
        isPart: this.#isPart,
        problem: null,
      }
      this.#onEvent(message, atMs)
    }
    this.#data = null
    this.#name = ''
    this.#bytes = 0
    this.#isPart = false
  }
}

const LINE_END = /[\r\n]/g
