import type { ConnectionEnd, ConnectionInfo, SessionInfo, TunnelStatus } from '../../agent/index.js'
import type { UniRouteError } from '../../core/errors.js'

export type NoticeLevel = 'info' | 'warning' | 'error'

/** Shows what an agent goes through: as events, as log lines, or on the status screen. */
export interface Presenter {
  online(session: SessionInfo): void
  /** All tunnels have an address or a refusal, for the first time; these have an address. */
  ready(tunnels: readonly TunnelStatus[]): void
  /** A tunnel got an address after that, perhaps another one than before. */
  tunnel(tunnel: TunnelStatus): void
  /** The session was lost or not made; the next try is after `retryInMs` (null: there is none). */
  offline(error: UniRouteError, retryInMs: number | null): void
  /** The server gives no address to a tunnel, now or any more. */
  refused(tunnel: TunnelStatus, error: UniRouteError): void
  notice(level: NoticeLevel, code: string, text: string): void
  opened(connection: ConnectionInfo): void
  closed(connection: ConnectionEnd): void
  draining(graceMs: number): void
  /** The last call: gives the terminal back. */
  end(): void
}
