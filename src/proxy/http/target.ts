import type { LimitError } from '../../core/errors.js'
import type { HttpSpec, Pool, PoolMember, Servable, Site, Tunnel, TunnelWatcher, Visitor } from '../../tunnels/index.js'
import type { ByteStream, StreamHandler } from '../../wire/index.js'

/** Where requests go: a tunnel of a server, or the upstream of an agent that serves its visitors itself. */
export interface HttpTarget extends Servable {
  readonly name: string
  readonly publicUrl: string
  /** False once it was unbound or taken over. */
  readonly bound: boolean
  readonly http: HttpSpec | null
  readonly member: TargetMember | null
  /** Who wants to know what becomes of it. */
  readonly watchers: Set<TunnelWatcher>
  readonly traffic: { addRequest(): void }
  readonly session: StreamOpener
}

/** Those that serve the same address, and one of them. */
export type TargetPool = Pool<HttpTarget>
export type TargetMember = PoolMember<HttpTarget>

/** Who opens streams to the upstream of a target. */
export interface StreamOpener {
  /** Why no request can be taken at present; null: it can. */
  readonly full: LimitError | null
  readonly rights: { takeRequest(): LimitError | null }
  /** As `AgentSession.openStream`. */
  openStream(
    target: HttpTarget,
    visitor: Visitor,
    first: Buffer | null,
    handler: StreamHandler<ByteStream>,
    connectionId?: string,
  ): ByteStream
  /** `openStream` threw `error`, so that a visitor is turned away. */
  visitorTurnedAway(target: HttpTarget, error: unknown): void
  /** The visitor of a stream is gone, and all of its bytes with it. */
  visitorGone(stream: ByteStream): void
}

/** Who is behind a name; only a `Site` gets requests. */
export interface HttpTable {
  findHost(name: string): Site<HttpTarget> | Tunnel | undefined
}
