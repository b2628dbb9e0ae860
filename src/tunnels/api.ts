import type { HttpRules } from '../config/index.js'
import type { Code } from '../core/error-codes.js'
import type { LimitError, RefusedError } from '../core/errors.js'
import type { PacePair } from '../core/pace.js'
import type { RouteTable } from '../routing/index.js'
import type { AgentSession } from './agent-session.js'
import type { Site } from './site.js'
import type { Tunnel } from './tunnel.js'

/** Who is behind a public address: a `tls` tunnel or the `http` tunnels of a host name; a `tcp` tunnel at a port. */
export type TunnelTable = RouteTable<Tunnel | Site, Tunnel>

/** The address of a tunnel as visitors type it; `host` or `port` is null. */
export type PublicUrl = (scheme: 'tcp' | 'tls' | 'http' | 'https', host: string | null, port: number | null) => string

/** Who a token belongs to. */
export interface TokenIdentity {
  readonly id: string
  readonly name: string
  readonly accountId: string
  /** Id of the certificate that its agent showed; null: it sent a token alone. */
  readonly certificateId: string | null
}

/** Says who may connect; `access` implements it. */
export interface TokenGate {
  /**
   * `address`: the agent's IP address, for a limit of failed logins. Throws RefusedError when the token is no good;
   * LimitError or StoreError when that may pass. `certificate`: what the agent showed in its TLS handshake, DER.
   */
  check(token: string, address: string, certificate: Buffer | null): Promise<TokenIdentity>
  /** Whether a further connection, with that certificate, belongs to a session of this token. Throws as `check`. */
  checkCarrier(identity: TokenIdentity, address: string, certificate: Buffer | null): Promise<void>
}

/** Says which addresses an account may have; `names` implements it. Answers at once, from memory. */
export interface AddressGate {
  /** `pattern`: a normalised host name, or `*.` and one. Throws RefusedError when it is not for the account. */
  checkHost(pattern: string, accountId: string): void
  /** Throws RefusedError when the port is not for the account. */
  checkPort(port: number, accountId: string): void
}

/** What decides whether a token may have a tunnel. */
export interface TunnelFacts {
  readonly kind: 'tcp' | 'tls' | 'http'
  /** `tcp`. */
  readonly port: number | null
  /** `tls`, `http`: normalised, a host or `*.` and a host. */
  readonly host: string | null
  /** `http`. */
  readonly rules: HttpRules | null
}

/**
 * What one token may do as it is now, and what it has over all of its sessions; `access` implements it. What is asked is
 * answered from memory, with the reason why not, or null: it may.
 */
export interface TokenRights {
  /** Kept by `tunnels`. */
  sessions: number
  tunnels: number
  streams: number
  /** Adds bytes of its visitors, both ways; called for every chunk. */
  readonly usage: { add(bytes: number): void }
  /** Why it may do nothing at all. */
  readonly barred: RefusedError | null
  /** Whether bytes have to be counted while a stream lasts. */
  readonly countsBytes: boolean
  /** What all of its streams share; null: they may be as fast as they can. */
  readonly paces: PacePair | null
  /** Bytes a second of each of its tunnels, in each direction; null: any number. */
  readonly tunnelRate: number | null
  allowsPort(port: number): boolean
  /** Such a tunnel: UR_RIGHTS_…. */
  problemOf(tunnel: TunnelFacts): RefusedError | null
  /** So many sessions, tunnels: UR_QUOTA_…. */
  sessionProblem(sessions: number): LimitError | null
  tunnelProblem(tunnels: number): LimitError | null
  /** One stream more. */
  streamProblem(): LimitError | null
  /** One byte more. */
  spentProblem(): LimitError | null
  /** A request, or a connection that is none of requests, which is counted. */
  takeRequest(): LimitError | null
}

/** The rights of tokens that have logged in; `access` implements it. */
export interface RightsKeeper {
  /** The same object for all sessions of a token. Throws StoreError when they are not known. */
  of(tokenId: string): TokenRights
}

/** A port that listens. */
export interface PortLease {
  /** Stops listening; connections that were accepted stay. */
  close(): void
}

/** Opens the public TCP ports of tunnels; `ingress` implements it. */
export interface PortOpener {
  /** Throws UniRouteError: UR_PORT_TAKEN when another program has it, UR_PORT_DENIED, UR_FD_EXHAUSTED. */
  open(port: number): Promise<PortLease>
}

/** A visitor as the upstream is to see it. */
export interface Visitor {
  /** IP address and port of the visitor. */
  readonly address: string
  readonly port: number
  /** IP address and port that the visitor connected to. */
  readonly serverAddress: string
  readonly serverPort: number
  /** `tls` and `http` tunnels: what the ClientHello says. */
  readonly sni?: string
  readonly alpn?: string
}

/** Bounds of `tunnels`, from `limits.*`. */
export interface TunnelLimits {
  readonly sessions: number
  readonly tunnelsPerSession: number
  readonly streamsPerSession: number
  readonly carriersPerSession: number
  /** How long an agent may take to answer a StreamOpen, ms. Longer than the agent's own limit for dialling. */
  readonly acceptTimeoutMs: number
  readonly helloTimeoutMs: number
  /** Visitors of agents that are away, and the bytes kept and queued for them, over all sessions. */
  readonly heldConnections: number
  readonly heldBytes: number
  /** Control messages a second that an agent may send over time. */
  readonly controlRate: number
}

export const DEFAULT_TUNNEL_LIMITS: TunnelLimits = {
  sessions: 10_000,
  tunnelsPerSession: 100,
  streamsPerSession: 65_536,
  carriersPerSession: 8,
  acceptTimeoutMs: 30_000,
  helloTimeoutMs: 5_000,
  heldConnections: 16_384,
  heldBytes: 256 * 1024 * 1024,
  controlRate: 100,
}

/** What happens in `tunnels`, for metrics. Called synchronously; must not throw. */
export interface TunnelHooks {
  /** An agent's preface was answered with Welcome after `ms`. */
  handshake(ms: number): void
  /** A connection on the TLS port wanted to be a carrier and was not. */
  handshakeFailed(code: Code): void
  /** A Bind was refused. */
  bindRefused(code: Code): void
  /** A visitor's stream was accepted by the upstream `ms` after it was opened. */
  streamOpened(ms: number): void
  /** A visitor's stream was not accepted. */
  streamFailed(code: Code): void
  /** A connection was attached to a session that has others (`added`), or had lost the last one (`returned`). */
  attached(reason: AttachReason): void
  /** A session without a connection was held for `ms`; then its agent came back, or (a code) it ended. */
  held(ms: number, end: 'resumed' | Code): void
}

/** Told of agents and tunnels as they come and go. Called synchronously; must not throw. */
export interface TunnelObserver {
  sessionOpened(session: AgentSession): void
  /** Its agent went away, or came back. */
  sessionChanged(session: AgentSession): void
  sessionClosed(session: AgentSession, why: Code): void
  tunnelBound(tunnel: Tunnel): void
  /** Once for each that was bound, before its session is closed. */
  tunnelUnbound(tunnel: Tunnel, why: Code): void
}

export const noTunnelObserver: TunnelObserver = {
  sessionOpened() {},
  sessionChanged() {},
  sessionClosed() {},
  tunnelBound() {},
  tunnelUnbound() {},
}

export type AttachReason = 'added' | 'returned'

export const noTunnelHooks: TunnelHooks = {
  handshake() {},
  handshakeFailed() {},
  bindRefused() {},
  streamOpened() {},
  streamFailed() {},
  attached() {},
  held() {},
}
