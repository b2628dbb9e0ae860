import type { Code } from '../core/error-codes.js'

/** Bounds of `ingress`, from `limits.*`; asked for each connection, so that a reload counts. */
export interface IngressLimits {
  /** Visitors at once. */
  readonly connections: number
  /** Visitors at once from one address; 0: any number. */
  readonly addressConnections: number
  /** New visitors a second from one address; 0: any number. */
  readonly addressRate: number
  /** Connections at once that have not yet said who they are. */
  readonly pendingConnections: number
  /** Time for a connection to say who it is, ms. */
  readonly helloTimeoutMs: number
  /** Bytes of a ClientHello. */
  readonly helloBytes: number
}

/** What happens at the public listeners, for metrics. Called synchronously; must not throw. */
export interface IngressHooks {
  /** A connection was closed by us before it reached an agent or an upstream. */
  rejected(code: Code): void
}

export const noIngressHooks: IngressHooks = {
  rejected() {},
}

/** What a listener listens on: an address (port 0: any free one), or a socket that systemd opened. */
export type ListenOn = { readonly host: string | undefined; readonly port: number } | { readonly fd: number }
