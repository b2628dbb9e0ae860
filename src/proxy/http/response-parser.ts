import { ProtocolError } from '../../core/errors.js'
import type { RawHeaders } from './api.js'
import { SizedDecoder, type BodyDecoder } from './body-decoder.js'
import { ChunkedDecoder } from './chunked.js'
import { HeadCollector } from './head-collector.js'
import { UPSTREAM } from './message-source.js'
import { parseResponseHead, type ResponseHead } from './response-head.js'

export interface ResponseEvents {
  /** An interim answer (1xx but 101). */
  onInform(status: number, headers: RawHeaders): void
  onHead(head: ResponseHead): void
  onBody(slice: Buffer): void
  onComplete(trailers: RawHeaders): void
  /** 101, and the bytes of the other protocol that came with it. The parser is done for good. */
  onSwitch(head: ResponseHead, rest: Buffer): void
}

/** Interim answers that one request may get: more are an endless stream of them. */
export const MAX_INTERIM = 64

type State = 'idle' | 'head' | 'body' | 'until-close' | 'switched'

/**
 * HTTP/1.1 answers of one connection (RFC 9112), one after another, cut into events. Pure: bytes in, calls out.
 * Body bytes are slices of what was pushed. Answers that could be read in two ways are errors.
 */
export class ResponseParser {
  readonly #events: ResponseEvents
  readonly #maxHeadBytes: number
  #state: State = 'idle'
  #method = ''
  #interim = 0
  readonly #head: HeadCollector
  #body: BodyDecoder | null = null

  /** `maxHeadBytes` bounds the head, and the trailer section. */
  constructor(events: ResponseEvents, maxHeadBytes: number) {
    this.#events = events
    this.#maxHeadBytes = maxHeadBytes
    this.#head = new HeadCollector(maxHeadBytes, UPSTREAM)
  }

  /** The next answer is to a request of this method. */
  expect(method: string): void {
    this.#method = method
    this.#state = 'head'
    this.#interim = 0
  }

  /** Whether an answer is expected or under way. */
  get busy(): boolean {
    return this.#state !== 'idle'
  }

  /** Takes the next bytes. Throws ProtocolError UR_UPSTREAM_INVALID when they are no answer. */
  push(slice: Buffer): void {
    let at = 0
    while (at < slice.length) {
      switch (this.#state) {
        case 'head':
          at = this.#pushHead(slice, at)
          break
        case 'body': {
          const body = this.#body!
          at = body.push(slice, at, this.#events)
          if (body.trailers !== null) this.#finish(body.trailers)
          break
        }
        case 'until-close':
          this.#events.onBody(at === 0 ? slice : slice.subarray(at))
          return
        default:
          throw UPSTREAM.wrong('bytes came that belong to no answer')
      }
    }
  }

  /** The upstream ended the connection. Throws ProtocolError UR_UPSTREAM_RESET when that cuts an answer short. */
  end(): void {
    if (this.#state === 'idle' || this.#state === 'switched') return
    if (this.#state === 'until-close') return this.#finish([])
    const where = this.#state === 'head' ? 'before its answer' : 'in the middle of its answer'
    throw new ProtocolError('UR_UPSTREAM_RESET', `the upstream closed the connection ${where}`)
  }

  #pushHead(slice: Buffer, from: number): number {
    const text = this.#head.collect(slice, from)
    const { next } = this.#head
    if (text === null) return next
    const head = parseResponseHead(text, this.#method)
    const { status, headers } = head
    if (status === 101) {
      this.#state = 'switched'
      this.#events.onSwitch(head, slice.subarray(next))
      return slice.length
    }
    if (status < 200) {
      if (++this.#interim > MAX_INTERIM) throw UPSTREAM.wrong(`more than ${MAX_INTERIM} interim answers came`)
      this.#events.onInform(status, headers)
      return next
    }
    const { body } = head
    this.#events.onHead(head)
    if (body === 'none' || body === 0) this.#finish([])
    else if (body === 'until-close') this.#state = 'until-close'
    else {
      this.#body = body === 'chunked' ? new ChunkedDecoder(this.#maxHeadBytes, UPSTREAM) : new SizedDecoder(body)
      this.#state = 'body'
    }
    return next
  }

  #finish(trailers: RawHeaders): void {
    this.#state = 'idle'
    this.#body = null
    this.#events.onComplete(trailers)
  }
}
