import {
  constants,
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../core/clock.js'
import { LimitError } from '../../core/errors.js'
import { TokenBucket } from '../../core/token-bucket.js'
import type { FrontConnection, FrontOptions } from './front.js'
import { Http2Exchange, http2Head } from './http2-exchange.js'
import { Http2Watch } from './http2-watch.js'
import { failureOf } from './problem.js'

/** Frames that answer SETTINGS and PING may wait for so many of them. */
const MAX_SETTINGS = 32
const MAX_PINGS = 16
/** What one visitor may make us keep, MB: header blocks under way and what waits to be sent. */
const SESSION_MEMORY_MB = 16
/** Bytes of a body that a visitor may send before we have passed any on. */
const WINDOW = 1024 * 1024
/** And of all bodies of a connection together (Node leaves it at 64 KiB, which is 10 Mbit/s over 50 ms). */
const CONNECTION_WINDOW = 2 * WINDOW
/** How long a visitor that has to go may take for the answers under way, ms. */
const DRAIN_MS = 30_000
/** How long a visitor who floods us may take to read why he has to go, ms. */
const LINGER_MS = 2_000
/** How often connections are looked at, ms. */
const LOOK_MS = 500

const TOO_LONG = 'The header section of the request is too long.'

/** HTTP/2 with visitors, on connections that others accept. No server push. */
export class FrontHttp2 {
  readonly #options: FrontOptions
  readonly #clock: Clock
  readonly #watches = new Set<Http2Watch>()
  #looking: NodeJS.Timeout | null = null

  constructor(options: FrontOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Takes a connection that chose `h2`. */
  take(socket: TLSSocket, connection: FrontConnection): void {
    // HTTP/2 knows no half-closed connections: who ends his side is gone.
    socket.allowHalfOpen = false
    const { headerBytes, concurrentStreams, keepAliveMs, resetRate } = this.#options.limits
    const session = performServerHandshake(socket, {
      maxSessionMemory: SESSION_MEMORY_MB,
      maxOutstandingPings: MAX_PINGS,
      maxSettings: MAX_SETTINGS,
      maxHeaderListPairs: 256,
      maxSendHeaderBlockLength: headerBytes,
      peerMaxConcurrentStreams: concurrentStreams,
      settings: {
        enablePush: false,
        enableConnectProtocol: true,
        maxConcurrentStreams: concurrentStreams,
        maxHeaderListSize: headerBytes,
        initialWindowSize: WINDOW,
      },
    })
    const onFlood = (): void => this.#endFlood(session, socket, connection)
    const watch = new Http2Watch(session, socket, { clock: this.#clock, idleMs: keepAliveMs, onFlood })
    session.setLocalWindowSize(CONNECTION_WINDOW)
    this.#watches.add(watch)
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref()
    const resets = new TokenBucket(this.#clock, { burst: resetRate, perSecond: resetRate })
    session.on('error', () => undefined) // 'close' follows, and is what counts
    // Node waits for ever for a write that was under way when the visitor ended: neither session nor socket would close.
    socket.once('end', () => socket.destroy())
    socket.once('close', () => this.#watches.delete(watch))
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      watch.opened()
      stream.on('error', () => undefined) // 'close' follows, and is what counts
      const exchange = this.#onStream(stream, headers, raw, { connection, watch })
      stream.on('close', () => {
        watch.closed()
        exchange?.closed()
      })
      stream.on('aborted', () => {
        exchange?.brokenOff()
        // What we break off, or lose with the connection, the visitor did not take back.
        if (exchange?.aborted !== true && !session.destroyed && !resets.take()) onFlood()
      })
    })
  }

  /** Lets requests end, and closes what has none. */
  drain(): void {
    for (const watch of this.#watches) {
      watch.session.close()
      setTimeout(() => watch.destroy(), DRAIN_MS).unref()
    }
  }

  /** Closes everything. */
  close(): void {
    for (const watch of this.#watches) watch.destroy()
  }

  #look(): void {
    for (const watch of this.#watches) watch.look()
    if (this.#watches.size > 0 || this.#looking === null) return
    clearInterval(this.#looking)
    this.#looking = null
  }

  #endFlood(session: ServerHttp2Session, socket: TLSSocket, connection: FrontConnection): void {
    this.#options.onMalformed(connection, 'UR_HTTP_FLOOD')
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    // Only a session that is closed in good order ends its socket so: a reset would take GOAWAY with it.
    session.close()
    session.destroy()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }

  /** Null: it was malformed, and is answered, or its connection is over. */
  #onStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    raw: readonly string[],
    { connection, watch }: { connection: FrontConnection; watch: Http2Watch },
  ): Http2Exchange | null {
    try {
      // What SETTINGS say counts only once the visitor has read them.
      const size = sizeOf(raw)
      watch.served(size)
      // It was found to be part of a flood: nothing can be answered any more.
      if (stream.destroyed) return null
      if (size > this.#options.limits.headerBytes) throw new LimitError('UR_HTTP_HEADER_TOO_LONG', TOO_LONG)
      const head = http2Head(headers, raw, connection, stream.endAfterHeaders)
      const exchange = new Http2Exchange(stream, head, connection, watch)
      this.#options.onExchange(exchange)
      return exchange
    } catch (error) {
      const { status, code, detail } = failureOf(error, '')
      this.#options.onMalformed(connection, code)
      stream.respond({ ':status': status, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
      stream.end(`${status}\n\n${detail}\n${code}\n`)
      return null
    }
  }
}

/** The size of a header section, 32 bytes for each field besides name and value (RFC 9113 §6.5.2). */
function sizeOf(raw: readonly string[]): number {
  let size = 16 * raw.length
  for (const part of raw) size += part.length
  return size
}
