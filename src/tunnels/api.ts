import type { Code } from '../core/error-codes.js'

/** Who a token belongs to. */
export interface TokenIdentity {
  readonly id: string
  readonly name: string
}

/** Says who may connect; `access` implements it. */
export interface TokenGate {
  /**
   * `address`: the agent's IP address, for a limit of failed logins. Throws RefusedError when the token is no good;
   * LimitError or StoreError when that may pass.
   */
  check(token: string, address: string): Promise<TokenIdentity>
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
  /** `tls` tunnels: what the ClientHello says. */
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
}

export const noTunnelHooks: TunnelHooks = {
  handshake() {},
  handshakeFailed() {},
  bindRefused() {},
  streamOpened() {},
  streamFailed() {},
}
