import type { Duplex } from 'node:stream'
import { ByteBudget, NO_CERTIFICATE, PasswordQueue } from '../../access/visitor-rules/index.js'
import { authoritiesId, type HttpOptions } from '../../config/index.js'
import type { Clock } from '../../core/clock.js'
import type { Logger } from '../../core/logger.js'
import { DEFAULT_HTTP_LIMITS, HttpProxy, type HttpTarget, type RequestRecord, shownIn } from '../../proxy/http/index.js'
import { normalisePrefix, RouteTable } from '../../routing/index.js'
import { PoolMember, Site } from '../../tunnels/index.js'
import { hostPortText } from '../addresses.js'
import { DEFAULT_HOLD_MS, type Tunnel } from '../tunnel.js'
import type { TlsDone, TlsEnd, TlsVisitor } from './api.js'
import type { TlsFront } from './tls-front.js'
import { UpstreamStream } from './upstream-stream.js'

/** What webhooks whose signatures are verified may take, bytes: as with servers. */
const WEBHOOK_BYTES = 64 * 1024 * 1024

export interface HttpEndOptions {
  readonly tunnel: Tunnel
  readonly front: TlsFront
  /** Which requests pass, and what becomes of their fields. */
  readonly options: HttpOptions
  readonly clock: Clock
  readonly log: Logger
}

/**
 * HTTP with visitors in the agent, as servers have it: both versions, rules, header fields, error pages. Behind it is the
 * upstream of one tunnel.
 */
export class HttpEnd implements TlsEnd {
  readonly #options: HttpEndOptions
  readonly #proxy: HttpProxy
  readonly #table = new RouteTable<Site<HttpTarget>>()
  /** By which authorities visitors are asked for certificates; null: they are not asked. */
  readonly #asks: string | null

  constructor(options: HttpEndOptions) {
    const { clock, log } = options
    const { mutualTlsCa } = options.options.rules
    this.#options = options
    this.#asks = mutualTlsCa.length === 0 ? null : authoritiesId(mutualTlsCa)
    this.#proxy = new HttpProxy({
      table: this.#table,
      clock,
      log,
      limits: () => DEFAULT_HTTP_LIMITS,
      rules: {
        clock,
        now: () => Date.now(),
        passwords: new PasswordQueue(),
        webhookBudget: new ByteBudget(WEBHOOK_BYTES),
      },
      isTrustedProxy: () => false,
      httpsUrl: (host) => `https://${host}`,
      onRequest: (record) => this.#onRequest(record),
      onMalformed: ({ visitor }, code) => log.debug({ visitor: visitor.address, code }, 'a request was malformed'),
    })
  }

  take(duplex: Duplex, visitor: TlsVisitor, done: TlsDone): void {
    this.#options.front.take(duplex, visitor, done, (socket) => {
      socket.once('close', () => done(null))
      // By what the visitor said inside of his handshake, and not by what the server says of it.
      const certificate = this.#asks === null ? NO_CERTIFICATE : shownIn(socket, this.#asks)
      this.#proxy.takeTls(socket, { visitor, host: socket.servername || null, certificate })
    })
  }

  bound(host: string): void {
    const { tunnel, front } = this.#options
    front.bound(host)
    if (this.#table.hostOwner(host) !== undefined) return
    const site = new Site<HttpTarget>(host, { id: '', accountId: '' })
    const pool = site.pool(normalisePrefix(tunnel.spec.http?.path ?? '') ?? '/')
    pool.holdMs = tunnel.spec.holdMs ?? DEFAULT_HOLD_MS
    const target = this.#target(host)
    target.member = new PoolMember<HttpTarget>(pool, target, 1, '')
    pool.add(target.member)
    this.#table.setHost(host, site)
  }

  drain(): void {
    void this.#proxy.drain()
  }

  close(): void {
    this.#proxy.close()
    this.#options.front.close()
  }

  #target(host: string): Mutable<HttpTarget> {
    const { tunnel, options } = this.#options
    const { upstreamProtocol = 'http1' } = tunnel.spec.http ?? {}
    return {
      name: tunnel.spec.name,
      publicUrl: `https://${host}`,
      bound: true,
      available: true,
      http: { scheme: 'https', upstreamProtocol, options },
      member: null,
      watchers: new Set(),
      traffic: { addRequest: () => undefined },
      session: {
        full: null,
        rights: { takeRequest: () => null },
        openStream: (_target, { address, port }, first, handler, requestId = '') => {
          const tap = tunnel.tapOf({ id: requestId, visitor: hostPortText({ host: address, port }) })
          return new UpstreamStream(tunnel, handler, first, tap)
        },
        visitorTurnedAway: () => undefined,
        visitorGone: () => undefined,
      },
    }
  }

  #onRequest({ exchange, visitor, requestId, tunnel, status, code, durationMs }: RequestRecord): void {
    const { method, version } = exchange.head
    const fields = { request: requestId, tunnel, visitor, method, http: version, status, code, duration_ms: durationMs }
    this.#options.log.debug(fields, 'request')
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
