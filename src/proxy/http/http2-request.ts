import {
  constants,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { NetworkError, ProtocolError } from '../../core/errors.js'
import type { TokenBucket } from '../../core/token-bucket.js'
import type { RawHeaders, ResponseSink, UpstreamHead, UpstreamRequest } from './api.js'
import { fieldsOf, flatFields } from './http2-fields.js'
import { joinDuplex } from './join.js'
import { MAX_INTERIM } from './response-parser.js'

/** A connection that many requests share. */
export interface Http2Line {
  readonly requests: Set<Http2Request>
  /** The upstream has answered a request on it. */
  answered: boolean
  /** How many more requests may be broken off on it now. */
  readonly resets: TokenBucket
  /** Too many were: it gets no new ones. */
  worn: boolean
  /** What waits for the upstream's SETTINGS; null: they have come. */
  waiting: (() => void)[] | null
}

/** A request under way to an upstream that speaks HTTP/2. */
export class Http2Request implements UpstreamRequest {
  readonly #line: Http2Line
  /** It was lost with its connection, and not alone. */
  #connectionLost = false
  #sink: ResponseSink | null
  readonly #onOver: () => void
  #stream: ClientHttp2Stream | null = null
  #answering = false
  /** Interim answers that came: the visitor gets them whether he reads or not. */
  #interim = 0
  #trailers: RawHeaders = []
  #outTrailers: RawHeaders = []
  /** What was written before the stream was there. */
  #early: Buffer[] = []
  #ended = false

  /** `onOver` is called once, when nothing more comes of it. */
  constructor(sink: ResponseSink, line: Http2Line, onOver: () => void) {
    this.#sink = sink
    this.#line = line
    this.#onOver = onOver
  }

  /** One that the upstream broke off alone would fare no better on another connection. */
  get used(): boolean {
    return this.#connectionLost && this.#line.answered
  }

  /** Whether it could be given up for another upstream: its answer has not begun. */
  get movable(): boolean {
    return this.#sink?.movable === true && !this.#answering
  }

  /** Its stream; `upgrade`: an extended CONNECT (RFC 8441). */
  begin(stream: ClientHttp2Stream, upgrade: boolean): void {
    this.#stream = stream
    stream.on('error', () => undefined) // 'close' follows, and is what counts
    if (this.#sink === null) {
      stream.close(constants.NGHTTP2_CANCEL)
      return
    }
    stream.on('continue', () => this.#sink?.onInform(100, []))
    stream.on('headers', (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
      if (++this.#interim > MAX_INTERIM) return this.fail(tooManyInterim())
      this.#sink?.onInform(headers[':status'] ?? 102, flatFields(headers))
    })
    stream.on('response', (headers, flags) => {
      this.#onResponse(stream, headers, { upgrade, isWhole: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 })
    })
    stream.on('trailers', (trailers: IncomingHttpHeaders) => (this.#trailers = flatFields(trailers)))
    stream.on('drain', () => this.#sink?.onWritable())
    stream.on('wantTrailers', () => stream.sendTrailers(fieldsOf(this.#outTrailers)))
    stream.once('aborted', () => {
      if (!this.#answering) setImmediate(destroy, stream)
    })
    const { session } = stream
    stream.once('close', () => {
      // That the whole connection goes may be said right behind.
      setImmediate(() => {
        this.#connectionLost ||= session?.closed !== false
        this.#onClose(stream)
      })
    })
    for (const chunk of this.#early) stream.write(chunk)
    this.#early = []
    if (this.#ended) stream.end()
  }

  write(chunk: Buffer): boolean {
    // An upstream that wants no more of it gets no more.
    if (this.#stream?.aborted === true) return true
    const own = Buffer.from(chunk)
    if (this.#stream !== null) return this.#stream.write(own)
    this.#early.push(own)
    return false
  }

  end(trailers: RawHeaders): void {
    this.#outTrailers = trailers
    this.#ended = true
    this.#stream?.end()
  }

  resume(): void {
    this.#stream?.resume()
  }

  abort(): void {
    this.#sink = null
    this.#breakOff()
    this.#onOver()
  }

  /** Gives it up, and tells why; `connectionLost`: not for its own sake. */
  fail(error: Error, connectionLost = false): void {
    this.#connectionLost = connectionLost
    const sink = this.#sink
    this.#sink = null
    this.#breakOff()
    this.#onOver()
    sink?.onError(error)
  }

  #breakOff(): void {
    const stream = this.#stream
    // Node waits for what could not be sent of one that the upstream has reset.
    if (stream === null) return
    if (stream.closed) return void setImmediate(destroy, stream)
    stream.close(constants.NGHTTP2_CANCEL)
    if (!this.#line.resets.take()) this.#line.worn = true
  }

  #onResponse(
    stream: ClientHttp2Stream,
    headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
    { upgrade, isWhole }: { upgrade: boolean; isWhole: boolean },
  ): void {
    const sink = this.#sink
    if (sink === null) return
    this.#answering = true
    this.#line.answered = true
    const status = headers[':status'] ?? 0
    if (upgrade && status >= 200 && status < 300) {
      this.#sink = null
      sink.onUpgrade(101, flatFields(headers), {
        join: (visitor, onClose) =>
          joinDuplex(stream, visitor, (complete) => {
            this.#onOver()
            onClose(complete)
          }),
      })
      return
    }
    sink.onRespond(status, flatFields(headers), '', isWhole ? 'none' : 'unknown')
    // Of an answer to HEAD, and of 304, the length is that of another body (RFC 9110 §8.6). NaN: it is not known.
    const hasBody = !isWhole && stream.sentHeaders?.[':method'] !== 'HEAD' && status !== 304
    let left = hasBody ? Number(headers['content-length']) : 0
    stream.on('data', (chunk: Buffer) => {
      left -= chunk.length
      if (this.#sink?.onData(chunk) === false) stream.pause()
    })
    // Who wants nothing more of the request says so behind a whole answer (RFC 9113 §8.1), or in the middle of one.
    let isBroken = false
    stream.once('aborted', () => {
      isBroken = !hasEnd(stream)
      if (this.#sink === null) setImmediate(destroy, stream)
    })
    stream.once('end', () => {
      // A stream that was broken off ends as well, some in seemingly good order, and some without an end to follow.
      if (left > 0 || stream.rstCode !== constants.NGHTTP2_NO_ERROR || isBroken)
        return void setImmediate(destroy, stream)
      const over = this.#sink
      this.#sink = null
      this.#onOver()
      over?.onEnd(this.#trailers)
      if (stream.aborted) setImmediate(destroy, stream)
      else if (!this.#ended) stream.close(constants.NGHTTP2_NO_ERROR)
    })
  }

  #onClose(stream: ClientHttp2Stream): void {
    const sink = this.#sink
    this.#sink = null
    this.#onOver()
    if (sink === null) return
    const code = stream.rstCode ?? 0
    const refused = code === constants.NGHTTP2_REFUSED_STREAM
    const message = `the upstream broke the request off (HTTP/2 error ${code})`
    sink.onError(new NetworkError(refused ? 'UR_UPSTREAM_REFUSED' : 'UR_UPSTREAM_RESET', message))
  }
}

/** Whether the end of the answer has come, read or not: Node has no other word for it. */
function hasEnd(stream: ClientHttp2Stream): boolean {
  return (stream as unknown as { _readableState?: { ended?: boolean } })._readableState?.ended === true
}

function destroy(stream: ClientHttp2Stream): void {
  stream.destroy()
}

function tooManyInterim(): ProtocolError {
  return new ProtocolError('UR_UPSTREAM_INVALID', `more than ${MAX_INTERIM} interim answers came`)
}

/** A request's head as Node's http2 takes it. */
export function http2Fields({ method, target, scheme, fields, upgrade, body }: UpstreamHead): OutgoingHttpHeaders {
  const { host, ...rest } = fieldsOf(fields)
  for (const name of ['connection', 'upgrade', 'sec-websocket-key', 'transfer-encoding']) delete rest[name]
  const common = { ...rest, ':path': target, ':scheme': scheme, ':authority': String(host) }
  if (upgrade !== null) return { ...common, ':method': 'CONNECT', ':protocol': upgrade }
  if (typeof body === 'number' && rest['content-length'] === undefined) rest['content-length'] = String(body)
  return { ...common, ':method': method }
}
