import type { RawHeaders } from './api.js'
import { SizedDecoder, type BodyDecoder } from './body-decoder.js'
import { ChunkedDecoder } from './chunked.js'
import { HeadCollector } from './head-collector.js'
import { VISITOR } from './message-source.js'
import { checkRequestLine, parseRequestHead, type Http1RequestHead } from './request-head.js'
import { RequestSections } from './request-section.js'

export interface RequestEvents {
  onHead(head: Http1RequestHead): void
  onBody(slice: Buffer): void
  /** The request is whole. */
  onComplete(trailers: RawHeaders): void
}

const CR = 0x0d
const LF = 0x0a
/** Bytes that no head may have: those of text are wanted, as a client that speaks something else should be told so at once. */
const STRAY = /[^\t\r\n\x20-\x7e\x80-\xff]|(?<!\r)\n/

/**
 * Requests of HTTP/1.1 (RFC 9112) on one connection, one after another, cut into events. Pure: bytes in, calls out. Body
 * bytes are slices of what was pushed. Requests that could be read in two ways are errors.
 */
export class RequestParser {
  /** Whether bodies are given out. May be changed by those who are called, and counts at once. */
  flowing = false
  readonly #events: RequestEvents
  readonly #maxHeadBytes: number
  readonly #head: HeadCollector
  readonly #sections = new RequestSections()
  #state: 'head' | 'body' | 'over' = 'head'
  #lineSeen = false
  #body: BodyDecoder | null = null

  /** `maxHeadBytes` bounds the head, and the trailer section. */
  constructor(events: RequestEvents, maxHeadBytes: number) {
    this.#events = events
    this.#maxHeadBytes = maxHeadBytes
    this.#head = new HeadCollector(maxHeadBytes, VISITOR)
  }

  /** Some of a head has come, and not all. */
  get begun(): boolean {
    return this.#head.bytes > 0
  }

  /** The request is whole; nothing more is taken until `next`. */
  get over(): boolean {
    return this.#state === 'over'
  }

  /** Goes on to the next request. */
  next(): void {
    this.#state = 'head'
  }

  /**
   * Takes the bytes of `slice` from `from` on; returns where it stopped, because the request is whole or its body must
   * not flow, or at the end of the slice. Throws ProtocolError UR_HTTP_MALFORMED or UR_HTTP_METHOD, and LimitError UR_HTTP_HEADER_TOO_LONG.
   */
  push(slice: Buffer, from: number): number {
    let at = from
    while (at < slice.length) {
      switch (this.#state) {
        case 'head':
          at = this.#pushHead(slice, at)
          break
        case 'body': {
          if (!this.flowing) return at
          const body = this.#body!
          at = body.push(slice, at, this.#events)
          if (body.trailers !== null) this.#finish(body.trailers)
          break
        }
        case 'over':
          return at
      }
    }
    return at
  }

  #pushHead(slice: Buffer, from: number): number {
    const before = this.#head.bytes
    // Empty lines before a request are those of clients that end a body with one (RFC 9112 §2.2).
    if (before === 0 && slice[from] === CR && slice[from + 1] === LF) return from + 2
    const text = this.#head.collect(slice, from)
    const { next } = this.#head
    if (text === null) {
      this.#checkPart(before)
      return next
    }
    this.#lineSeen = false
    // Two empty lines that came in pieces.
    if (text === '') return next
    const head = parseRequestHead(text.startsWith('\r\n') ? text.slice(2) : text, this.#sections)
    const { body } = head
    const isWhole = body === 'none' || body === 0
    if (isWhole) this.#state = 'over'
    else {
      this.#body = body === 'unknown' ? new ChunkedDecoder(this.#maxHeadBytes, VISITOR) : new SizedDecoder(body)
      this.#state = 'body'
    }
    this.#events.onHead(head)
    if (isWhole) this.#events.onComplete([])
    return next
  }

  /** Who sends what can be no head is told before it is whole: it may never be. */
  #checkPart(before: number): void {
    // With the byte before what is new, unless that ends a line.
    const part = this.#head.text(Math.max(0, before - 1))
    const text = before > 0 && part.startsWith('\n') ? part.slice(1) : part
    if (STRAY.test(text)) throw VISITOR.wrong('a control character stands in its head')
    if (this.#lineSeen || !text.includes('\n')) return
    const line = this.#head.text(0)
    const start = line.startsWith('\r\n') ? 2 : 0
    const end = line.indexOf('\r\n', start)
    if (end < 0) return
    this.#lineSeen = true
    checkRequestLine(line.slice(start, end))
  }

  #finish(trailers: RawHeaders): void {
    this.#state = 'over'
    this.#body = null
    this.#events.onComplete(trailers)
  }
}
