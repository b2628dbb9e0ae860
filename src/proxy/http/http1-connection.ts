import { NetworkError, ProtocolError } from '../../core/errors.js'
import { giveBack, HEADROOM, pins, type ByteStream, type StreamHandler } from '../../wire/index.js'
import type { RawHeaders, RequestOrigin, ResponseSink, UpstreamHead, UpstreamRequest } from './api.js'
import { joinStream } from './join.js'
import { requestText } from './request-text.js'
import type { ResponseHead } from './response-head.js'
import { ResponseParser, type ResponseEvents } from './response-parser.js'

/** How long an upstream may take to close a connection that we have ended, ms. */
const LINGER_MS = 5_000
/** Body chunks up to this size are copied behind the line that tells their size. */
const SMALL = 4096

/** Heads are written there on their way to what leaves, which has room of its own: nearly all fit. */
const scratch = Buffer.allocUnsafeSlow(4096)

/** Who keeps connections. */
export interface ConnectionOwner {
  /** Opens the stream, with the first bytes in it. May throw. */
  open(first: Buffer, connection: Http1Connection, origin: RequestOrigin): ByteStream
  /** It can carry another request; `keepAliveMs` as the upstream told it. */
  onIdle(connection: Http1Connection, keepAliveMs: number | null): void
  /** Exactly once: its stream is over. */
  onGone(connection: Http1Connection): void
}

/**
 * One stream that speaks HTTP/1.1 to an upstream, one request after another. It is opened by its first request, whose
 * head rides in the frame that opens it. Credit is given as the visitor takes the answer.
 */
export class Http1Connection implements StreamHandler<ByteStream>, ResponseEvents, UpstreamRequest {
  readonly #owner: ConnectionOwner
  readonly #parser: ResponseParser
  #stream: ByteStream | null = null
  #sink: ResponseSink | null = null
  #head: UpstreamHead | null = null
  #requestDone = false
  #answering = false
  #responseDone = false
  #keepAlive = true
  #keepAliveMs: number | null = null
  /** Bytes given on for which the peer has no credit yet. */
  #unconsumed = 0
  #blocked = false
  /** Bytes of what is being read that others have now. */
  #handedOn = 0
  #linger: NodeJS.Timeout | null = null
  #used = false

  constructor(owner: ConnectionOwner, maxHeadBytes: number) {
    this.#owner = owner
    this.#parser = new ResponseParser(this, maxHeadBytes)
  }

  /** Once it is open. */
  get stream(): ByteStream | null {
    return this.#stream
  }

  /** Whether its request could be given up for another upstream: the answer has not begun. */
  get movable(): boolean {
    return this.#sink?.movable === true && !this.#answering
  }

  /** Whether it has carried a request before: then it may be that the upstream was about to close it. */
  get used(): boolean {
    return this.#used
  }

  /**
   * Sends a request; the one before is over. Throws ProtocolError UR_HTTP_MALFORMED, or what opening a stream throws.
   */
  send(head: UpstreamHead, sink: ResponseSink, origin: RequestOrigin): void {
    const text = requestText(head)
    this.#used = this.#stream !== null
    this.#head = head
    this.#sink = sink
    this.#requestDone = head.body === 'none' || head.body === 0
    this.#answering = false
    this.#responseDone = false
    this.#keepAlive = true
    this.#parser.expect(head.method)
    if (this.#stream === null) {
      this.#stream = this.#owner.open(Buffer.from(text, 'latin1'), this, origin)
      return
    }
    if (text.length > scratch.length) this.#stream.write(Buffer.from(text, 'latin1'))
    else this.#stream.writeCopy(scratch, 0, scratch.write(text, 'latin1'))
  }

  // UpstreamRequest: what the request that is under way may do.

  write(chunk: Buffer): boolean {
    const stream = this.#stream
    if (stream === null || this.#requestDone) return true
    if (this.#head?.body !== 'unknown') return stream.writeCopy(chunk, 0, chunk.length)
    if (chunk.length === 0) return true
    const line = `${chunk.length.toString(16)}\r\n`
    if (chunk.length > SMALL) {
      stream.write(Buffer.from(line, 'latin1'))
      stream.writeCopy(chunk, 0, chunk.length)
      return stream.write(Buffer.from('\r\n', 'latin1'))
    }
    const slab = Buffer.allocUnsafe(HEADROOM + line.length + chunk.length + 2)
    slab.write(line, HEADROOM, 'latin1')
    chunk.copy(slab, HEADROOM + line.length)
    slab.write('\r\n', slab.length - 2, 'latin1')
    return stream.writeSlab(slab, HEADROOM, slab.length)
  }

  end(trailers: RawHeaders): void {
    if (this.#stream === null || this.#requestDone) return
    this.#requestDone = true
    if (this.#head?.body === 'unknown') this.#stream.write(Buffer.from(lastChunk(trailers), 'latin1'))
    this.#checkOver()
  }

  resume(): void {
    this.#blocked = false
    if (this.#unconsumed === 0) return
    const bytes = this.#unconsumed
    this.#unconsumed = 0
    this.#stream?.consumed(bytes)
  }

  abort(): void {
    this.#sink = null
    this.#stream?.reset()
  }

  /** Ends an idle connection in good order. */
  close(): void {
    const stream = this.#stream
    if (stream === null || this.#linger !== null) return
    stream.end()
    this.#linger = setTimeout(() => stream.reset(), LINGER_MS).unref()
  }

  /** Gives the request up that is under way, and tells it why. */
  fail(error: Error): void {
    this.#stream?.reset(error)
  }

  // StreamHandler

  onData(slice: Buffer, stream: ByteStream): void {
    this.#unconsumed += slice.length
    // The upstream may answer while the stream is still being opened.
    this.#stream ??= stream
    this.#handedOn = 0
    try {
      this.#parser.push(slice)
    } catch (error) {
      stream.reset(error as ProtocolError)
      return
    }
    giveBack(slice, slice.length - this.#handedOn)
    if (!this.#blocked) this.resume()
  }

  onEnd(stream: ByteStream): void {
    this.#keepAlive = false
    try {
      this.#parser.end()
    } catch (error) {
      stream.reset(error as ProtocolError)
      return
    }
    this.close()
  }

  onWritable(): void {
    this.#sink?.onWritable()
  }

  onClose(error: Error | null): void {
    if (this.#linger !== null) clearTimeout(this.#linger)
    this.#owner.onGone(this)
    const sink = this.#sink
    this.#sink = null
    sink?.onError(error ?? new NetworkError('UR_UPSTREAM_RESET', 'the upstream closed the connection'))
  }

  // ResponseEvents

  onInform(status: number, headers: RawHeaders): void {
    this.#sink?.onInform(status, headers)
  }

  onHead({ status, headers, reason, body, keepAlive, keepAliveMs }: ResponseHead): void {
    this.#keepAlive &&= keepAlive
    this.#keepAliveMs = keepAliveMs
    this.#answering = true
    const length = typeof body === 'number' || body === 'none' ? body : 'unknown'
    this.#sink?.onRespond(status, headers, reason, length)
  }

  onBody(slice: Buffer): void {
    if (this.#sink === null) return
    // What the visitor does not take at once must not hold on to the memory around it.
    const isCopied = this.#blocked && pins(slice)
    const chunk = isCopied ? Buffer.from(slice) : slice
    if (!isCopied) this.#handedOn += slice.length
    if (!this.#sink.onData(chunk)) this.#blocked = true
  }

  onComplete(trailers: RawHeaders): void {
    this.#responseDone = true
    const sink = this.#sink
    this.#sink = null
    this.#checkOver()
    sink?.onEnd(trailers)
  }

  onSwitch({ status, headers }: ResponseHead, rest: Buffer): void {
    const stream = this.#stream
    const sink = this.#sink
    if (stream === null || sink === null || this.#head?.upgrade === null) {
      throw new ProtocolError(
        'UR_UPSTREAM_INVALID',
        'the upstream went over to another protocol, and nobody asked it to',
      )
    }
    this.#sink = null
    this.#handedOn += rest.length
    stream.consumed(this.#unconsumed - rest.length)
    this.#unconsumed = 0
    sink.onUpgrade(status, headers, {
      join: (visitor, onClose) => {
        joinStream(stream, rest, visitor, (complete) => {
          this.#owner.onGone(this)
          onClose(complete)
        })
      },
    })
  }

  #checkOver(): void {
    if (!this.#responseDone || this.#stream === null) return
    this.resume()
    // An upstream that answers before it has read the request will not read the rest.
    if (this.#keepAlive && this.#requestDone) this.#owner.onIdle(this, this.#keepAliveMs)
    else this.#finish()
  }

  #finish(): void {
    if (this.#requestDone) this.close()
    else this.#stream?.reset()
  }
}

function lastChunk(trailers: RawHeaders): string {
  let text = '0\r\n'
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`
  return `${text}\r\n`
}
