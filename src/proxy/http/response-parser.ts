import { ProtocolError } from '../../core/errors.js'
import type { RawHeaders } from './api.js'
import { ChunkedDecoder } from './chunked.js'
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
const MAX_INTERIM = 64
const END_OF_HEAD = Buffer.from('\r\n\r\n')

type State = 'idle' | 'head' | 'length' | 'chunked' | 'until-close' | 'switched'

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
  /** An unfinished head. */
  #held: Buffer | null = null
  #heldBytes = 0
  #left = 0
  #chunked: ChunkedDecoder | null = null

  /** `maxHeadBytes` bounds the head, and the trailer section. */
  constructor(events: ResponseEvents, maxHeadBytes: number) {
    this.#events = events
    this.#maxHeadBytes = maxHeadBytes
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
        case 'length': {
          const end = Math.min(slice.length, at + this.#left)
          this.#left -= end - at
          this.#events.onBody(at === 0 && end === slice.length ? slice : slice.subarray(at, end))
          at = end
          if (this.#left === 0) this.#finish([])
          break
        }
        case 'chunked': {
          const chunked = this.#chunked!
          at = chunked.push(slice, at, this.#events)
          if (chunked.trailers !== null) this.#finish(chunked.trailers)
          break
        }
        case 'until-close':
          this.#events.onBody(at === 0 ? slice : slice.subarray(at))
          return
        default:
          throw wrong('bytes came that belong to no answer')
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
    const { text, next } = this.#collect(slice, from)
    if (text === null) return next
    const head = parseResponseHead(text, this.#method)
    const { status, headers } = head
    if (status === 101) {
      this.#state = 'switched'
      this.#events.onSwitch(head, slice.subarray(next))
      return slice.length
    }
    if (status < 200) {
      if (++this.#interim > MAX_INTERIM) throw wrong(`more than ${MAX_INTERIM} interim answers came`)
      this.#events.onInform(status, headers)
      return next
    }
    const { body } = head
    this.#events.onHead(head)
    if (body === 'none' || body === 0) this.#finish([])
    else if (body === 'chunked') {
      this.#chunked = new ChunkedDecoder(this.#maxHeadBytes)
      this.#state = 'chunked'
    } else if (body === 'until-close') this.#state = 'until-close'
    else {
      this.#left = body
      this.#state = 'length'
    }
    return next
  }

  /** The text of a head once it is whole, without its last empty line, and where the bytes behind it begin. */
  #collect(slice: Buffer, from: number): { text: string | null; next: number } {
    if (this.#held === null) {
      const end = slice.indexOf(END_OF_HEAD, from)
      if (end >= 0) {
        this.#checkHead(end - from)
        return { text: slice.toString('latin1', from, end), next: end + 4 }
      }
    }
    const before = this.#heldBytes
    this.#hold(slice, from)
    const held = this.#held!
    const end = held.subarray(0, this.#heldBytes).indexOf(END_OF_HEAD, Math.max(0, before - 3))
    this.#checkHead(end < 0 ? this.#heldBytes : end)
    if (end < 0) return { text: null, next: slice.length }
    this.#held = null
    this.#heldBytes = 0
    return { text: held.toString('latin1', 0, end), next: from + end + 4 - before }
  }

  #hold(slice: Buffer, from: number): void {
    // One byte more than allowed is enough to know.
    const bytes = Math.min(slice.length - from, this.#maxHeadBytes + 5 - this.#heldBytes)
    const length = this.#heldBytes + bytes
    if (this.#held === null || length > this.#held.length) {
      const room = Buffer.allocUnsafe(Math.max(length, 2 * (this.#held?.length ?? 256)))
      this.#held?.copy(room, 0, 0, this.#heldBytes)
      this.#held = room
    }
    slice.copy(this.#held, this.#heldBytes, from, from + bytes)
    this.#heldBytes = length
  }

  #checkHead(bytes: number): void {
    if (bytes > this.#maxHeadBytes) throw wrong(`its head is longer than ${this.#maxHeadBytes} bytes`)
  }

  #finish(trailers: RawHeaders): void {
    this.#state = 'idle'
    this.#chunked = null
    this.#events.onComplete(trailers)
  }
}

function wrong(why: string): ProtocolError {
  return new ProtocolError('UR_UPSTREAM_INVALID', `the upstream's answer is no valid HTTP/1.1: ${why}`)
}
