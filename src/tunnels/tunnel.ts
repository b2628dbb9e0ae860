import type { HttpOptions } from '../config/index.js'
import type { Clock } from '../core/clock.js'
import { PacePair } from '../core/pace.js'
import { Kind } from '../protocol/index.js'
import type { AgentSession } from './agent-session.js'
import type { PoolMember } from './pool.js'
import { Traffic } from './traffic.js'

/** Kinds of tunnels that this server has. */
export type TunnelKind = Kind.KIND_TCP | Kind.KIND_TLS | Kind.KIND_HTTP

/** What a tunnel is asked to be. */
export interface TunnelSpec {
  readonly kind: TunnelKind
  readonly name: string
  /** How long new visitors may wait for an agent that is away, ms. */
  readonly holdMs: number
  /** `http`: what only such tunnels have. */
  readonly http?: HttpSpec
}

/** How an `http` tunnel is served. */
export interface HttpSpec {
  readonly scheme: 'https' | 'http' | 'both'
  readonly upstreamProtocol: 'http1' | 'http2'
  /** Which requests pass, and what becomes of their fields. */
  readonly options: HttpOptions
}

/** Told what becomes of a tunnel. Called synchronously; must not throw. */
export interface TunnelWatcher {
  /** Its agent lost its connection, and may come back. */
  onAway(): void
  /** It has no address any more. */
  onUnbound(): void
}

/** One public address bound to one agent. Counters are plain numbers, for metrics and the status page. */
export class Tunnel {
  /** Unique within the process. */
  readonly id: number
  readonly kind: TunnelKind
  readonly name: string
  readonly holdMs: number
  readonly session: AgentSession
  /** `tcp`: the public port. */
  readonly port: number | null
  /** `tls`, `http`: the host name or wildcard. */
  readonly host: string | null
  /** `http`; null for others. */
  readonly http: HttpSpec | null
  readonly publicUrl: string
  /** `http`: its place among the agents of its address. */
  member: PoolMember | null = null
  /** Of its visitors so far. Bytes of `http` tunnels are up to date after `AgentSession.countTraffic`. */
  readonly traffic: Traffic
  visitorsOpen = 0
  /** Who wants to know what becomes of it. */
  readonly watchers = new Set<TunnelWatcher>()
  #paces: PacePair | null = null
  #bound = true
  #announced = false

  constructor(
    id: number,
    session: AgentSession,
    spec: TunnelSpec,
    address: { port: number } | { host: string },
    publicUrl: string,
  ) {
    this.id = id
    this.session = session
    this.kind = spec.kind
    this.name = spec.name
    this.holdMs = spec.holdMs
    this.traffic = new Traffic(session.accountTraffic, session.rights.usage)
    session.rights.tunnels++
    this.http = spec.http ?? null
    this.port = 'port' in address ? address.port : null
    this.host = 'host' in address ? address.host : null
    this.publicUrl = publicUrl
  }

  /** What its streams are held to now: the pace of its token, and its own. */
  paces(clock: Clock): PacePair[] {
    const { paces, tunnelRate } = this.session.rights
    if (tunnelRate === null) {
      this.#paces?.lift()
      this.#paces = null
    } else if (this.#paces === null) this.#paces = new PacePair(clock, tunnelRate)
    else this.#paces.rate = tunnelRate
    return [paces, this.#paces].filter((pair) => pair !== null)
  }

  /** False once it was unbound or taken over. */
  get bound(): boolean {
    return this.#bound
  }

  /** Whether a new visitor can be given to its agent now. */
  get available(): boolean {
    return this.#bound && this.#announced && this.session.available
  }

  /** Its agent was told that it is bound; what is told it from now on comes behind that. */
  announced(): void {
    this.#announced = true
    this.member?.pool.wake()
  }

  /** It has no address from now on. */
  unbind(): void {
    if (!this.#bound) return
    this.#bound = false
    this.session.rights.tunnels--
    for (const watcher of this.watchers) watcher.onUnbound()
  }

  /** Its agent has no connection from now on. */
  away(): void {
    for (const watcher of this.watchers) watcher.onAway()
  }
}

/** The label of a kind, as users write it. */
export function kindName(kind: TunnelKind): 'tcp' | 'tls' | 'http' {
  return kind === Kind.KIND_TCP ? 'tcp' : kind === Kind.KIND_TLS ? 'tls' : 'http'
}
