import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { NetworkError, ProtocolError } from '../../core/errors.js'
import type { Clock } from '../../core/clock.js'
import { TokenBucket } from '../../core/token-bucket.js'
import type { ByteStream } from '../../wire/index.js'
import type { RequestOrigin, ResponseSink, Upstream, UpstreamHead, UpstreamRequest } from './api.js'
import { Http2Request, http2Fields, type Http2Line } from './http2-request.js'
import { StreamDuplex } from './stream-duplex.js'
import type { HttpTarget } from './target.js'

/** Requests at once from which on another connection is opened, whatever the upstream would take. */
const MOST_STREAMS = 100
/**
 * Requests that may be broken off on one connection, at once and in a second over time: half of what upstreams on nghttp2
 * take before they end the connection for it (CVE-2023-44487), with the requests of all other visitors.
 */
const RESETS = { burst: 500, perSecond: 16 }
/** How long a connection without a request is kept, ms. */
const IDLE_MS = 30_000
/** Bytes of an answer that an upstream may send before the visitor took any. */
const WINDOW = 256 * 1024
/** Bytes that one connection may have under way for all its requests. */
const CONNECTION_WINDOW = 4 * 1024 * 1024

export interface UpstreamHttp2Options {
  readonly tunnel: HttpTarget
  readonly clock: Clock
  /** Bounds the head of an answer, and its trailers. */
  maxHeadBytes(): number
}

/** The connections of one tunnel that speak HTTP/2, each over one stream; many requests share one. */
export class UpstreamHttp2 implements Upstream {
  readonly #options: UpstreamHttp2Options
  readonly #sessions = new Map<ClientHttp2Session, Http2Line>()
  #retired = false

  constructor(options: UpstreamHttp2Options) {
    this.#options = options
  }

  request(head: UpstreamHead, origin: RequestOrigin, sink: ResponseSink, fresh: boolean): UpstreamRequest {
    const session = this.#pick(fresh) ?? this.#open(origin)
    const line = this.#sessions.get(session)!
    const { requests } = line
    const request = new Http2Request(sink, line, () => {
      requests.delete(request)
      if ((this.#retired || line.worn) && requests.size === 0) session.close()
    })
    requests.add(request)
    // Whether the upstream takes extended CONNECT is in its SETTINGS.
    if (head.upgrade !== null && line.waiting !== null) {
      line.waiting.push(() => {
        if (requests.has(request)) this.#send(session, head, request)
      })
    } else this.#send(session, head, request)
    return request
  }

  retire(): void {
    this.#retired = true
    for (const [session, { requests }] of this.#sessions) if (requests.size === 0) session.close()
  }

  dropMovable(error: Error): void {
    for (const { requests } of this.#sessions.values()) {
      for (const request of [...requests]) if (request.movable) request.fail(error)
    }
  }

  #send(session: ClientHttp2Session, head: UpstreamHead, request: Http2Request): void {
    if (head.upgrade !== null && session.remoteSettings?.enableConnectProtocol !== true) {
      const message = `The upstream does not take "${head.upgrade}" over HTTP/2.`
      request.fail(new NetworkError('UR_UPSTREAM_NO_UPGRADE', message))
      return
    }
    let stream: ClientHttp2Stream
    try {
      const endStream = head.body === 'none' && head.upgrade === null
      stream = session.request(http2Fields(head), { endStream, waitForTrailers: true })
    } catch (error) {
      request.fail(new ProtocolError('UR_HTTP_MALFORMED', (error as Error).message, { cause: error }))
      return
    }
    request.begin(stream, head.upgrade !== null)
  }

  /** The oldest that has room; those that fail together when one is lost go together over a fresh one. */
  #pick(fresh: boolean): ClientHttp2Session | undefined {
    for (const [session, { requests, answered, worn }] of this.#sessions) {
      if (worn || session.closed || session.destroyed || (fresh && answered)) continue
      const most = Math.min(session.remoteSettings?.maxConcurrentStreams ?? MOST_STREAMS, MOST_STREAMS)
      if (requests.size < most) return session
    }
    return undefined
  }

  /** Throws what opening a stream throws. */
  #open({ visitor, requestId }: RequestOrigin): ClientHttp2Session {
    const { tunnel, clock, maxHeadBytes } = this.#options
    const { session: agent } = tunnel
    const duplex = new StreamDuplex()
    let stream: ByteStream
    try {
      stream = agent.openStream(tunnel, visitor, null, duplex, requestId)
    } catch (error) {
      agent.visitorTurnedAway(tunnel, error)
      throw error
    }
    duplex.use(stream)
    const session = connect('http://upstream', {
      createConnection: (): Duplex => duplex,
      maxSendHeaderBlockLength: maxHeadBytes() * 2,
      peerMaxConcurrentStreams: MOST_STREAMS,
      settings: { enablePush: false, initialWindowSize: WINDOW, maxHeaderListSize: maxHeadBytes() },
    })
    const requests = new Set<Http2Request>()
    const resets = new TokenBucket(clock, RESETS)
    const line: Http2Line = { requests, answered: false, resets, worn: false, waiting: [] }
    this.#sessions.set(session, line)
    session.once('remoteSettings', () => {
      const { waiting } = line
      line.waiting = null
      for (const go of waiting ?? []) go()
    })
    session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW))
    session.setTimeout(IDLE_MS, () => {
      if (requests.size === 0) session.close()
    })
    session.on('error', () => undefined) // 'close' follows, and is what counts
    // No new requests once the upstream said go away; those that are there go on.
    session.once('goaway', () => session.close())
    duplex.once('close', () => {
      this.#sessions.delete(session)
      agent.visitorGone(stream)
      const error = duplex.reason ?? new NetworkError('UR_UPSTREAM_RESET', 'the upstream closed the connection')
      for (const request of [...requests]) request.fail(error, true)
      session.destroy(undefined, constants.NGHTTP2_NO_ERROR)
    })
    return session
  }
}
