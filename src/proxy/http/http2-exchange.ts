import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { ProtocolError } from '../../core/errors.js'
import type { VisitorCertificate } from '../../access/visitor-rules/index.js'
import type { Visitor } from '../../tunnels/index.js'
import type { BodyLength, Exchange, ExchangeEvents, RawHeaders, RequestHead } from './api.js'
import type { FrontConnection } from './front.js'
import { TOKEN } from './fields.js'
import { malformed } from './host.js'
import { answerFieldsOf, fieldsOf, flatFields } from './http2-fields.js'
import type { Http2Watch } from './http2-watch.js'

/** One request of a front that speaks HTTP/2. */
export class Http2Exchange implements Exchange {
  readonly head: RequestHead
  readonly visitor: Visitor
  readonly connectionHost: string | null
  readonly certificate: VisitorCertificate | null
  readonly #watch: Http2Watch
  readonly #stream: ServerHttp2Stream
  #events: ExchangeEvents | null = null
  #trailers: RawHeaders = []
  #flowing = false
  #switched = false
  #ended = false
  /** Bytes of the body that are still to come, where that is known. */
  #left = Infinity
  #aborted = false
  #awaitsDrain = false

  constructor(stream: ServerHttp2Stream, head: RequestHead, facts: FrontConnection, watch: Http2Watch) {
    this.#watch = watch
    this.#stream = stream
    this.head = head
    this.visitor = facts.visitor
    this.connectionHost = facts.host
    this.certificate = facts.certificate
  }

  /** It was broken off by us. */
  get aborted(): boolean {
    return this.#aborted
  }

  start(events: ExchangeEvents): void {
    this.#events = events
  }

  /** For its front: the stream is over. */
  closed(): void {
    const { writableFinished, rstCode } = this.#stream
    if (!this.#switched) this.#events?.onClose(writableFinished && rstCode === 0)
  }

  /** For its front: the stream was broken off. A visitor may do so without an error; Node then waits for a reader. */
  brokenOff(): void {
    if (!this.#aborted && !this.#switched) setImmediate(() => this.#stream.destroy())
  }

  resume(): void {
    const stream = this.#stream
    if (this.#flowing) {
      stream.resume()
      return
    }
    this.#flowing = true
    const events = this.#events
    stream.on('data', (chunk: Buffer) => {
      this.#watch.served(chunk.length)
      events?.onBody(chunk)
    })
    stream.once('trailers', (trailers: IncomingHttpHeaders) => (this.#trailers = flatFields(trailers)))
    // A stream that is broken off ends as well; what came of its body is no body then.
    stream.once('end', () => {
      if (!stream.aborted && stream.rstCode === 0) events?.onBodyEnd(this.#trailers)
    })
  }

  pause(): void {
    if (this.#flowing) this.#stream.pause()
  }

  inform(status: number, headers: RawHeaders): void {
    const stream = this.#stream
    if (stream.headersSent || stream.closed) return
    if (status === 100 && !this.head.expectsContinue) return
    stream.additionalHeaders(answerFieldsOf(status, headers))
  }

  respond(status: number, headers: RawHeaders, _reason: string, body: BodyLength): void {
    const stream = this.#stream
    if (stream.closed) return
    const fields = answerFieldsOf(status, headers)
    if (body === 'none' || body === 0 || this.head.method === 'HEAD') {
      stream.respond(fields, { endStream: true })
      this.#ended = true
    } else if (body === 'unknown') {
      stream.respond(fields, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers(this.#outTrailers))
    } else {
      stream.respond(fields)
      this.#left = body
    }
  }

  #outTrailers: OutgoingHttpHeaders = {}

  write(chunk: Buffer): boolean {
    const stream = this.#stream
    if (stream.closed || this.#ended) return true
    this.#left -= chunk.length
    if (this.#left > 0) {
      const more = stream.write(chunk)
      if (!more && !this.#awaitsDrain) {
        this.#awaitsDrain = true
        stream.on('drain', this.#onDrain)
      }
      return more
    }
    // With its last bytes, so that one frame has them and the end of the stream.
    this.#ended = true
    this.#watch.lastWrites.end(stream, chunk)
    if (stream.writableLength < stream.writableHighWaterMark) return true
    stream.once('finish', this.#onDrain)
    return false
  }

  readonly #onDrain = (): void => {
    if (!this.#switched) this.#events?.onDrain()
  }

  end(trailers: RawHeaders): void {
    const stream = this.#stream
    if (stream.destroyed) return
    this.#outTrailers = fieldsOf(trailers)
    if (!stream.writableEnded) stream.end()
    // RFC 9113 §8.1: an answer that is whole before the request is, asks for no more of it.
    if (!stream.readableEnded && this.head.body !== 'none') {
      this.#watch.refusedBody()
      const close = () => stream.close(constants.NGHTTP2_NO_ERROR)
      if (stream.writableFinished) close()
      else stream.once('finish', close)
    }
    // Node keeps a stream until somebody has read what came.
    stream.resume()
  }

  leave(): void {
    this.#stream.session?.close()
  }

  abort(): void {
    this.#aborted = true
    this.#watch.refusedBody()
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  switchProtocols(_status: number, headers: RawHeaders): Duplex {
    this.#switched = true
    const stream = this.#stream
    stream.off('drain', this.#onDrain)
    stream.on('data', (chunk: Buffer) => this.#watch.served(chunk.length))
    const fields = answerFieldsOf(200, headers)
    // These are of HTTP/1.1 (RFC 8441 §5).
    for (const name of ['connection', 'upgrade', 'sec-websocket-accept']) delete fields[name]
    if (!stream.closed) stream.respond(fields)
    return stream
  }
}

/** The neutral shape of a request that nghttp2 let through. Throws ProtocolError UR_HTTP_MALFORMED or UR_HTTP_METHOD. */
export function http2Head(
  headers: IncomingHttpHeaders,
  raw: readonly string[],
  { scheme }: FrontConnection,
  isWhole: boolean,
): RequestHead {
  const pseudo = headers as Readonly<Record<string, string | undefined>>
  const method = pseudo[':method'] ?? ''
  const target = pseudo[':path'] ?? ''
  const protocol = pseudo[':protocol']
  if (method === 'CONNECT' && protocol === undefined) {
    throw new ProtocolError('UR_HTTP_METHOD', 'CONNECT is for proxies.')
  }
  const { host } = headers
  const authority = pseudo[':authority'] ?? host
  if (authority === undefined) throw malformed('it names no host')
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) throw malformed('it names two hosts')
  if (!target.startsWith('/') && !(target === '*' && method === 'OPTIONS')) throw malformed('its path is no path')
  if (target.includes('#')) throw malformed('its path has a fragment')
  const fields = ordinaryFields(raw)
  if (protocol !== undefined) {
    // HTTP/1.1 has lists in Upgrade, and what stood in one would be chosen by the upstream.
    if (!TOKEN.test(protocol)) throw malformed('its :protocol is not the name of one')
    return {
      version: '2',
      method: 'GET',
      target,
      scheme,
      authority,
      headers: fields,
      body: 'none',
      expectsContinue: false,
      upgrade: protocol,
    }
  }
  const expectsContinue = headers.expect?.toLowerCase() === '100-continue'
  const body = bodyOf(headers, isWhole)
  return { version: '2', method, target, scheme, authority, headers: fields, body, expectsContinue, upgrade: null }
}

/** Without pseudo-header fields and `host`. */
function ordinaryFields(raw: readonly string[]): string[] {
  const fields: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    if (name.charCodeAt(0) !== COLON && name !== 'host') fields.push(name, raw[i + 1]!)
  }
  return fields
}

const COLON = 0x3a

function bodyOf(headers: IncomingHttpHeaders, isWhole: boolean): BodyLength {
  const length = headers['content-length']
  if (isWhole) return length === '0' ? 0 : 'none'
  return length === undefined ? 'unknown' : Number(length)
}
