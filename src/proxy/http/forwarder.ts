import type { Clock } from '../../core/clock.js'
import type { Code } from '../../core/error-codes.js'
import { UniRouteError } from '../../core/errors.js'
import { Site, type Pool, type TunnelTable } from '../../tunnels/index.js'
import type { Exchange } from './api.js'
import { Deadlines } from './deadlines.js'
import { Forwarding } from './forwarding.js'
import { RandomIds, RequestHeaders, ResponseHeaders } from './headers/index.js'
import { HeldRequests } from './held-requests.js'
import { hostOf } from './host.js'
import type { HttpLimits } from './limits.js'
import { Upstreams } from './upstreams.js'

/** One request that is over, for the access log and the metrics. */
export interface RequestRecord {
  readonly exchange: Exchange
  readonly requestId: string
  /** Name of the tunnel; null: none was found. */
  readonly tunnel: string | null
  /** 0: nothing was answered, because the visitor was gone before. */
  readonly status: number
  /** Why we answered, and not the upstream. */
  readonly code: Code | null
  /** Bytes of the bodies. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly durationMs: number
  /** Whether the answer went out to its end. */
  readonly complete: boolean
}

export interface ForwarderOptions {
  readonly table: TunnelTable
  readonly clock: Clock
  limits(): HttpLimits
  /** The https:// address of a host, without a path. */
  httpsUrl(host: string): string
  /** Called once for each request, at its end. Must not throw. */
  onRequest(record: RequestRecord): void
}

const NO_EDITS = { add: [], remove: [] }

/** Takes requests from all fronts to the agents. */
export class Forwarder {
  readonly clock: Clock
  readonly upstreams: Upstreams
  readonly held: HeldRequests
  readonly deadlines: Deadlines
  readonly ids = new RandomIds()
  readonly requestHeaders: RequestHeaders
  readonly responseHeaders = new ResponseHeaders(NO_EDITS)
  /** Requests that are not over. */
  active = 0
  readonly #options: ForwarderOptions

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.clock = options.clock
    this.upstreams = new Upstreams(options.clock, () => options.limits().headerBytes)
    this.requestHeaders = new RequestHeaders({ host: null, edits: NO_EDITS, pseudonym: 'uniroute', ids: this.ids })
    this.held = new HeldRequests(() => options.limits())
    this.deadlines = new Deadlines(options.clock)
  }

  get limits(): HttpLimits {
    return this.#options.limits()
  }

  /** Serves a request. */
  handle(exchange: Exchange): void {
    new Forwarding(this, exchange).start()
  }

  /**
   * The agents for a request. Throws ProtocolError UR_HTTP_MALFORMED, or UniRouteError UR_HTTP_NO_TUNNEL or
   * UR_HTTP_MISDIRECTED: a connection is for the tunnel whose name it was made for, and a client that sends it requests
   * for another one (because both have the same certificate) must not reach that one's agent.
   */
  route({ head, connectionHost }: Exchange): Pool {
    const host = hostOf(head.authority)
    const { table } = this.#options
    const site = table.findHost(host)
    if (connectionHost !== null && host !== connectionHost && table.findHost(connectionHost) !== site) {
      throw new UniRouteError('UR_HTTP_MISDIRECTED', `This connection was made for ${connectionHost}, not for ${host}.`)
    }
    if (!(site instanceof Site)) throw noSuchTunnel(host)
    const pool = site.find(head.target)
    if (pool === undefined) throw noSuchTunnel(`${host}, or none for this path`)
    if (head.scheme === 'https' && isOnly(pool, 'http')) throw noSuchTunnel(host)
    return pool
  }

  /** Where a request without TLS should go instead; null: the tunnel serves it as it is. */
  redirect({ head }: Exchange, pool: Pool): string | null {
    if (head.scheme === 'https' || !isOnly(pool, 'https')) return null
    return this.#options.httpsUrl(hostOf(head.authority)) + head.target
  }

  /** For a forwarding: it is over. */
  done(record: RequestRecord): void {
    this.active--
    this.#options.onRequest(record)
  }
}

/** Whether all tunnels of a pool are reached by this scheme only. */
function isOnly(pool: Pool, scheme: 'http' | 'https'): boolean {
  const { members } = pool
  return members.every(({ tunnel }) => tunnel.http?.scheme === scheme) && (members.length > 0 || scheme === 'https')
}

function noSuchTunnel(what: string): UniRouteError {
  return new UniRouteError('UR_HTTP_NO_TUNNEL', `No tunnel has the name ${what}.`)
}
