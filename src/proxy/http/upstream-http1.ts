import type { Clock } from '../../core/clock.js'
import type { ByteStream } from '../../wire/index.js'
import type { RequestOrigin, ResponseSink, Upstream, UpstreamHead, UpstreamRequest } from './api.js'
import { Http1Connection, type ConnectionOwner } from './http1-connection.js'
import type { HttpTarget } from './target.js'

/**
 * How long a connection is kept without a request, ms, unless the upstream says for how long it keeps it: below the
 * five seconds that Node's servers have, so that a request seldom meets a connection that is just being closed.
 */
const IDLE_MS = 4_000
/** What an upstream says is taken so much shorter, and at most so long, ms. */
const KEEP_ALIVE_MARGIN_MS = 1_000
const IDLE_MOST_MS = 60_000

interface Idle {
  readonly connection: Http1Connection
  readonly until: number
}

/** Streams of one tunnel that speak HTTP/1.1, kept alive between requests. */
export class UpstreamHttp1 implements Upstream, ConnectionOwner {
  readonly #tunnel: HttpTarget
  readonly #clock: Clock
  readonly #maxHeadBytes: () => number
  readonly #all = new Set<Http1Connection>()
  /** Most recently used last. */
  readonly #idle: Idle[] = []
  #sweep: NodeJS.Timeout | null = null
  #retired = false

  constructor(tunnel: HttpTarget, clock: Clock, maxHeadBytes: () => number) {
    this.#tunnel = tunnel
    this.#clock = clock
    this.#maxHeadBytes = maxHeadBytes
  }

  request(head: UpstreamHead, origin: RequestOrigin, sink: ResponseSink, fresh: boolean): UpstreamRequest {
    const connection = (fresh ? null : this.#takeIdle()) ?? new Http1Connection(this, this.#maxHeadBytes())
    connection.send(head, sink, origin)
    return connection
  }

  retire(): void {
    this.#retired = true
    for (const { connection } of this.#idle.splice(0)) connection.close()
    this.#stopSweeping()
  }

  dropMovable(error: Error): void {
    for (const connection of [...this.#all]) if (connection.movable) connection.fail(error)
  }

  // ConnectionOwner

  open(first: Buffer, connection: Http1Connection, { visitor, requestId }: RequestOrigin): ByteStream {
    const { session } = this.#tunnel
    this.#all.add(connection)
    try {
      return session.openStream(this.#tunnel, visitor, first, connection, requestId)
    } catch (error) {
      this.#all.delete(connection)
      session.visitorTurnedAway(this.#tunnel, error)
      throw error
    }
  }

  onIdle(connection: Http1Connection, keepAliveMs: number | null): void {
    if (this.#retired) return connection.close()
    const ms = keepAliveMs === null ? IDLE_MS : Math.min(keepAliveMs - KEEP_ALIVE_MARGIN_MS, IDLE_MOST_MS)
    if (ms <= 0) return connection.close()
    this.#idle.push({ connection, until: this.#clock.now() + ms })
    this.#sweep ??= setInterval(() => this.#closeOld(), 1_000).unref()
  }

  onGone(connection: Http1Connection): void {
    const { stream } = connection
    if (!this.#all.delete(connection)) return
    const at = this.#idle.findIndex((idle) => idle.connection === connection)
    if (at >= 0) this.#idle.splice(at, 1)
    if (stream !== null) this.#tunnel.session.visitorGone(stream)
  }

  #takeIdle(): Http1Connection | null {
    const now = this.#clock.now()
    for (;;) {
      const idle = this.#idle.pop()
      if (idle === undefined) return null
      if (idle.until > now) return idle.connection
      idle.connection.close()
    }
  }

  #closeOld(): void {
    const now = this.#clock.now()
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const idle = this.#idle[i]!
      if (idle.until > now) continue
      this.#idle.splice(i, 1)
      idle.connection.close()
    }
    if (this.#idle.length === 0) this.#stopSweeping()
  }

  #stopSweeping(): void {
    if (this.#sweep !== null) clearInterval(this.#sweep)
    this.#sweep = null
  }
}
