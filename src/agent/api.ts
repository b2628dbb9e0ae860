import type { Clock } from '../core/clock.js'
import type { AuthoritiesKeys } from '../certs/acme/index.js'
import type { UniRouteError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Secret } from '../core/secret.js'
import type { SpliceTap } from '../proxy/splice.js'
import type { OwnCertificateOptions } from './own-certificate.js'
import type { Credentials, HostPort, HttpOptions, Upstream } from '../config/index.js'

/** One tunnel that the agent offers. */
export interface TunnelSpec {
  /** Unique within the agent; the server gives the same name the same port each time. */
  readonly name: string
  readonly kind: 'tcp' | 'tls' | 'http'
  readonly upstream: Upstream
  /** How a `tls` upstream is verified. */
  readonly upstreamTls?: UpstreamTls
  /** `tcp`: the public port that must be had; 0 (default): the server chooses, the same one each time. */
  readonly remotePort?: number
  /** `tls`, `http`: the public name. */
  readonly domain?: string
  /** `http`: the public name below the domain of the server. Default: a random one, for as long as the agent lives. */
  readonly subdomain?: string
  /** `http`: what only such tunnels have. */
  readonly http?: HttpTunnelOptions
  /**
   * `http`, `tls`: TLS of the visitors ends in the agent, and the upstream gets what was inside of it. The server never has
   * the plaintext. Default: TLS of `http` ends at the server, that of `tls` at the upstream.
   */
  readonly terminate?: TerminateOptions
  /** Tell the upstream the visitor's address by a PROXY protocol header of this version. */
  readonly proxyProtocol?: 1 | 2
  /**
   * How long new visitors may wait, ms, while this agent has lost its connection and is on its way back; 0: they are
   * turned away. Default 10 000.
   */
  readonly holdMs?: number
}

/** How TLS of visitors ends in the agent. */
export interface TerminateOptions {
  /**
   * PEM files with the certificate and its chain, and with its key; read again when they change. Default: a certificate
   * from the authority of `AgentOptions.certificates`.
   */
  readonly files?: { readonly cert: string; readonly key: string }
}

/** What only `http` tunnels have. */
export interface HttpTunnelOptions {
  /** The paths that are served: this one and everything below it, such as `/api`. Default: all. */
  readonly path?: string
  /** How visitors reach it. Default `https`. */
  readonly scheme?: 'https' | 'http' | 'both'
  /** How HTTP is spoken to the upstream. Default `http1`. */
  readonly upstreamProtocol?: 'http1' | 'http2'
  /** Other agents may serve the same name, and requests are given out in this way. Default: no other may. */
  readonly pool?: 'round-robin' | 'least-connections'
  /** `pool`: this agent's share beside that of the others, 1 to 100. Default 1. */
  readonly weight?: number
  /** `pool`: a visitor stays with the agent that served it first. */
  readonly sticky?: boolean
  /**
   * Which requests pass, and what becomes of their fields. Default: all do, and nothing. A server that could not keep to
   * it gets no such tunnel (UR_RULE_UNKNOWN).
   */
  readonly options?: HttpOptions<Credentials>
}

export interface UpstreamTls {
  /** PEM file with the authority that signed the upstream's certificate; it is trusted instead of the system's. */
  readonly caFile?: string
  /** The name that the certificate must have and that is sent as SNI. Default: the upstream's host. */
  readonly serverName?: string
  /** Take any certificate. */
  readonly insecure?: boolean
}

/** Where certificates come from, for tunnels whose TLS ends in the agent. */
export interface CertificateOptions {
  /** The folder in which account, keys and certificates are kept; made when it is missing. */
  readonly stateDir: string
  /** The authority. Using it means that its terms of service are agreed to. */
  readonly acme: AuthoritiesKeys
}

/**
 * What became of a certificate. `waiting`: it failed before, and it is not time to try again. `mismatch`: the files that
 * were given are for other names than `name`, which the tunnel has.
 */
export type CertificateNews =
  | { readonly state: 'ready'; readonly name: string; readonly notAfter: Date }
  | { readonly state: 'mismatch'; readonly name: string; readonly code: string; readonly message: string }
  | {
      readonly state: 'failed' | 'waiting'
      readonly name: string
      readonly code: string
      readonly message: string
      readonly nextTry: Date
    }

export interface AgentOptions {
  readonly server: HostPort
  /** Undefined: none, which the server refuses unless there is a certificate. */
  readonly token?: Secret
  /** A certificate that the server made, shown on each connection: instead of a token, or beside the same one. */
  readonly certificate?: OwnCertificateOptions
  /** PEM file with one more authority to trust for the server's certificate, beside those of Node. */
  readonly caFile?: string
  /** Do not verify the server's certificate. A warning is logged at each start. */
  readonly insecure?: boolean
  /** At least one. More may be added while the agent runs. */
  readonly tunnels: readonly TunnelSpec[]
  /** For tunnels whose TLS ends in the agent, and that have no certificate files of their own. */
  readonly certificates?: CertificateOptions
  /** Carriers: `auto` (default) grows by need up to 8; a number is dialled at once and kept. */
  readonly connections?: 'auto' | number
  /** `off`: no stream is put on several carriers. Default `auto`: bulk streams are, over a long path. */
  readonly stripe?: 'auto' | 'off'
  /** Default true; false: the first failure or loss ends the agent with NetworkError (exit code 4). */
  readonly reconnect?: boolean
  /** Where `https_proxy`, `all_proxy` and `no_proxy` are looked up. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** For connecting to the server: name, TCP, proxy and TLS together, ms. Default 10 000. */
  readonly connectTimeoutMs?: number
  /** For connecting to an upstream, ms. Default 10 000. */
  readonly dialTimeoutMs?: number
  /** Sees what passes on the connections of `http` tunnels. */
  readonly tap?: Tap
  readonly log?: Logger
  readonly clock?: Clock
}

/** Asked for each connection to the upstream of an `http` tunnel; null: this one is not looked at. */
export type Tap = (connection: TappedConnection) => ConnectionTap | null

export interface TappedConnection extends ConnectionInfo {
  /** What is spoken on it. */
  readonly protocol: 'http1' | 'http2'
}

/** Sees the bytes of one connection: the socket is the upstream, the stream the visitor. */
export interface ConnectionTap extends SpliceTap {
  /** Once and last. Null: in good order; otherwise why it was cut, or was not made. */
  close(error: Error | null): void
}

export type AgentState = 'idle' | 'connecting' | 'online' | 'reconnecting' | 'draining' | 'closed'

/** A tunnel as it stands. */
export interface TunnelStatus {
  readonly name: string
  readonly kind: 'tcp' | 'tls' | 'http'
  /** `localhost:5432` */
  readonly upstream: string
  /** Null while it has no public address. */
  readonly publicUrl: string | null
  /** Why the server gives it no address, now or any more. */
  readonly problem: UniRouteError | null
  readonly visitorsTotal: number
  readonly visitorsOpen: number
  /** Visitors whose connection to the upstream failed. */
  readonly failures: number
  /** From visitors to the upstream, and back. */
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface AgentStatus {
  readonly state: AgentState
  /** HOST:PORT that is dialled. */
  readonly server: string
  readonly session: SessionInfo | null
  /** The smallest of any carrier. Null while unknown. */
  readonly rttMs: number | null
  /** Connections to the server, the oldest first. */
  readonly carriers: readonly CarrierStatus[]
  /** Visitors that are held, as the session has no connection and waits for one. */
  readonly held: number
  readonly tunnels: readonly TunnelStatus[]
}

export interface CarrierStatus {
  /** No other connection of the session ever has it. */
  readonly number: number
  /** Smoothed, queues included. Null while unknown. */
  readonly rttMs: number | null
}

/** How a session went on over a new connection. */
export interface Resumption {
  /** For how long it had none, ms; 0: the old one seemed to be dead, and was replaced before it was given up. */
  readonly awayMs: number
  /** Whose connections are open as before. */
  readonly visitors: number
}

export interface SessionInfo {
  readonly id: string
  /** Name of the server's node; may be empty. */
  readonly node: string
  readonly serverVersion: string
}

/** One visitor's connection. */
export interface ConnectionInfo {
  /** The server's connection id, the same as in its log. */
  readonly id: string
  /** The tunnel's name. */
  readonly tunnel: string
  /** IP:PORT of the visitor. */
  readonly visitor: string
}

export interface ConnectionEnd extends ConnectionInfo {
  /** From the visitor to the upstream, and back. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly durationMs: number
  /** Null: in good order. */
  readonly error: Error | null
}

/** What an agent tells; the arguments of each event. */
export interface AgentEvents {
  /** A session was opened (`resumed` null); its tunnels are being bound. Or one goes on, with its addresses and visitors. */
  online: [session: SessionInfo, resumed: Resumption | null]
  /** Once: every tunnel has got its address or a refusal, and at least one its address. These are those that have. */
  ready: [tunnels: readonly TunnelStatus[]]
  /** After `ready`: a tunnel got an address again (perhaps another one), or it is one that was added. */
  tunnel: [tunnel: TunnelStatus]
  /** A tunnel was removed by `removeTunnel`. */
  removed: [tunnel: TunnelStatus]
  /** The server gives a tunnel no address, or took it back. */
  refused: [tunnel: TunnelStatus, error: UniRouteError]
  /**
   * No connection: a try failed, or the session was lost, or lost its connections. The next try is in `retryInMs`; null:
   * there is none. `held`: so many visitors are held, and go on when the session does; null: there is no session.
   */
  offline: [error: UniRouteError, retryInMs: number | null, held: number | null]
  notice: [level: 'info' | 'warning' | 'error', code: string, text: string]
  /** A tunnel whose TLS ends here has a certificate, or none was issued, or it has one for other names. */
  certificate: [tunnel: TunnelStatus, news: CertificateNews]
  /** A visitor came (`opened`) and left or was turned away (`closed`, exactly once for each). */
  opened: [connection: ConnectionInfo]
  closed: [connection: ConnectionEnd]
  /** `stop` was called: no new visitors; those that are there have `graceMs`. */
  draining: [graceMs: number]
  /** Last, exactly once: null after `stop`, otherwise why the agent gave up. */
  close: [error: UniRouteError | null]
}
