import type { UniRouteError } from '../../core/errors.js'

/** A tunnel as it is shown. */
export interface TunnelView {
  readonly name: string
  readonly kind: 'tcp' | 'tls'
  /** Null until the server has bound it. */
  readonly publicUrl: string | null
  readonly upstream: string
}

/** One visitor connection as it is shown. */
export interface ConnectionView {
  readonly id: string
  /** The tunnel's name. */
  readonly tunnel: string
  /** IP:PORT of the visitor. */
  readonly visitor: string
}

/** How a visitor connection ended. Bytes are from and to the visitor. */
export interface ConnectionEnd extends ConnectionView {
  readonly bytesIn: number
  readonly bytesOut: number
  readonly durationMs: number
  /** Null: in good order. */
  readonly error: Error | null
}

export interface SessionView {
  readonly node: string
  readonly serverVersion: string
}

export type NoticeLevel = 'info' | 'warning' | 'error'

/** Shows what an agent goes through: as events, as log lines, or on the status screen. */
export interface Presenter {
  online(session: SessionView): void
  /** All tunnels have an address, for the first time. */
  ready(tunnels: readonly TunnelView[]): void
  /** A tunnel got an address after that, or another one than before. */
  tunnel(tunnel: TunnelView): void
  /** The session was lost; the next try is after `retryInMs` (null: there is none). */
  offline(error: Error, retryInMs: number | null): void
  /** The server gives no address to a tunnel, now or any more. */
  refused(tunnel: TunnelView, error: UniRouteError): void
  notice(level: NoticeLevel, code: string, text: string): void
  opened(connection: ConnectionView): void
  closed(connection: ConnectionEnd): void
  draining(graceMs: number): void
  /** The last call: gives the terminal back. */
  end(): void
}
