import type { Kind } from '../protocol/index.js'
import type { AgentSession } from './agent-session.js'

/** What a tunnel is asked to be. */
export interface TunnelSpec {
  readonly kind: Kind.KIND_TCP | Kind.KIND_TLS
  readonly name: string
  /** How long new visitors may wait for an agent that is away, ms. */
  readonly holdMs: number
}

/** One public address bound to one agent. Counters are plain numbers, for metrics and the status page. */
export class Tunnel {
  /** Unique within the process. */
  readonly id: number
  readonly kind: Kind.KIND_TCP | Kind.KIND_TLS
  readonly name: string
  readonly holdMs: number
  readonly session: AgentSession
  /** `tcp`: the public port. */
  readonly port: number | null
  /** `tls`: the host name or wildcard. */
  readonly host: string | null
  readonly publicUrl: string
  /** Bytes from visitors and to visitors that have gone. */
  bytesIn = 0
  bytesOut = 0
  visitorsTotal = 0
  visitorsOpen = 0
  /** False once it was unbound or taken over. */
  bound = true

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
    this.port = 'port' in address ? address.port : null
    this.host = 'host' in address ? address.host : null
    this.publicUrl = publicUrl
  }
}
