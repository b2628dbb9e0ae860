import type { Clock } from '../core/clock.js'
import type { UniRouteError } from '../core/errors.js'
import { asksForNothing } from '../config/index.js'
import { Http, Kind, type BindInit, type HttpOptionsInit } from '../protocol/index.js'
import type { Stream } from '../wire/index.js'
import type { ConnectionInfo, ConnectionTap, HttpTunnelOptions, Tap, TunnelSpec, TunnelStatus } from './api.js'
import { UpstreamDialer } from './dial-upstream.js'
import { httpOptionsToBind } from './http-options.js'
import type { TlsEnd } from './terminate/api.js'

/** How long new visitors may wait for an agent that lost its connection, ms. */
export const DEFAULT_HOLD_MS = 10_000

/**
 * `waiting`: no answer yet in this session. `bound`: it has its address. `failed`: the server said no, and asking again
 * makes no sense.
 */
export type BindState = 'waiting' | 'bound' | 'failed'

/** One tunnel of the agent, over all sessions: what it is, the address that it has, and what passed through it. */
export class Tunnel {
  readonly spec: TunnelSpec
  readonly dialer: UpstreamDialer
  state: BindState = 'waiting'
  problem: UniRouteError | null = null
  publicUrl: string | null = null
  /** Where TLS of its visitors ends, if that is here. */
  end: TlsEnd | null = null
  /** The port that it had; asked for again after a reconnect. */
  lastPort = 0
  /** The host that it had; likewise. */
  lastHost = ''
  /** Bound at least once. */
  proven = false
  visitorsTotal = 0
  /** Streams of the visitors that it has. */
  readonly visitors = new Set<Stream>()
  failures = 0
  /** Totals as the splices count them: out is to the upstream. */
  readonly traffic = {
    bytesIn: 0,
    bytesOut: 0,
    addBytes(bytesIn: number, bytesOut: number): void {
      this.bytesIn += bytesIn
      this.bytesOut += bytesOut
    },
  }
  /** As they ride in Bind; null: there are none, or they are not prepared. */
  #httpOptions: HttpOptionsInit | null = null

  readonly #tap: Tap | null

  constructor(spec: TunnelSpec, options: { timeoutMs: number; clock: Clock; tap?: Tap | undefined }) {
    this.spec = spec
    this.dialer = new UpstreamDialer(spec, options)
    this.#tap = spec.kind === 'http' ? (options.tap ?? null) : null
  }

  /** What sees a connection to the upstream; null: nothing does. */
  tapOf(connection: Omit<ConnectionInfo, 'tunnel'>): ConnectionTap | null {
    if (this.#tap === null) return null
    const { name, http } = this.spec
    return this.#tap({ ...connection, tunnel: name, protocol: http?.upstreamProtocol ?? 'http1' })
  }

  /** Whether it asks for something of its requests and responses, which a server must know to serve it. */
  get hasOptions(): boolean {
    const { http, terminate } = this.spec
    return terminate === undefined && http?.options !== undefined && !asksForNothing(http.options)
  }

  /** Makes ready what it asks for; before the first `bind`. */
  async prepare(): Promise<void> {
    const { options } = this.spec.http ?? {}
    if (options !== undefined && this.hasOptions) this.#httpOptions = await httpOptionsToBind(options)
  }

  /** The request for its address. */
  bind(request: number): BindInit {
    const {
      kind,
      name,
      remotePort = 0,
      domain = '',
      subdomain = '',
      proxyProtocol = 0,
      holdMs = DEFAULT_HOLD_MS,
    } = this.spec
    return {
      request,
      // What ends here is passed through by the server.
      kind: this.#isPassedThrough ? Kind.KIND_TLS : KINDS[kind],
      name,
      remotePort,
      preferredPort: this.lastPort,
      domain,
      subdomain,
      proxyProtocol,
      holdMs,
      ...(kind === 'http' &&
        !this.#isPassedThrough && {
          http: httpBind(this.spec.http ?? {}, this.lastHost),
          httpOptions: this.#httpOptions,
        }),
    }
  }

  bound(publicUrl: string, port: number): void {
    this.state = 'bound'
    this.proven = true
    this.problem = null
    const { kind } = this.spec
    this.publicUrl = kind === 'http' ? publicUrl.replace(/^tls:/, 'https:') : publicUrl
    this.lastPort = port
    if (kind !== 'tcp') this.lastHost = /^\w+:\/\/([^/:]+)/.exec(publicUrl)?.[1] ?? ''
  }

  get #isPassedThrough(): boolean {
    return this.spec.terminate !== undefined
  }

  /** It has no address now; `for good`: and will not be asked for again. */
  refused(error: UniRouteError, forGood: boolean): void {
    this.state = forGood ? 'failed' : 'waiting'
    this.problem = error
    this.publicUrl = null
  }

  /** The session that gave the address is gone. */
  offline(): void {
    if (this.state !== 'bound') return
    this.state = 'waiting'
    this.publicUrl = null
  }

  /** Resets the connections of all visitors. */
  cut(reason: UniRouteError): void {
    for (const stream of [...this.visitors]) stream.reset(reason)
  }

  status(): TunnelStatus {
    const { spec, publicUrl, problem, visitorsTotal, visitors, failures, traffic } = this
    return {
      name: spec.name,
      kind: spec.kind,
      upstream: this.dialer.name,
      publicUrl,
      problem,
      visitorsTotal,
      visitorsOpen: visitors.size,
      failures,
      bytesIn: traffic.bytesOut,
      bytesOut: traffic.bytesIn,
    }
  }
}

const KINDS = { tcp: Kind.KIND_TCP, tls: Kind.KIND_TLS, http: Kind.KIND_HTTP } as const

const SCHEMES = { https: Http.Scheme.HTTPS, http: Http.Scheme.HTTP, both: Http.Scheme.BOTH } as const
const PROTOCOLS = { http1: Http.UpstreamProtocol.HTTP1, http2: Http.UpstreamProtocol.HTTP2 } as const
const POLICIES = {
  none: Http.Balance.NONE,
  'round-robin': Http.Balance.ROUND_ROBIN,
  'least-connections': Http.Balance.LEAST_CONNECTIONS,
} as const

function httpBind(options: HttpTunnelOptions, preferredHost: string): NonNullable<BindInit['http']> {
  const { path = '', scheme = 'https', upstreamProtocol = 'http1', pool = 'none', weight = 1, sticky = false } = options
  return {
    path,
    preferredHost,
    scheme: SCHEMES[scheme],
    upstreamProtocol: PROTOCOLS[upstreamProtocol],
    balance: POLICIES[pool],
    weight,
    sticky,
  }
}
