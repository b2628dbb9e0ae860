import type {
  CertificateNews,
  ConnectionEnd,
  ConnectionInfo,
  Resumption,
  SessionInfo,
  TunnelStatus,
} from '../../agent/index.js'
import type { UniRouteError } from '../../core/errors.js'

export type NoticeLevel = 'info' | 'warning' | 'error'

/** Shows what an agent goes through: as events, as log lines, or on the status screen. */
export interface Presenter {
  /** A session is open; `resumed` not null: the one that was there goes on, with its addresses and visitors. */
  online(session: SessionInfo, resumed: Resumption | null): void
  /**
   * All tunnels have an address or a refusal, for the first time; these have an address. `inspector`: where its pages are;
   * null: there are none.
   */
  ready(tunnels: readonly TunnelStatus[], inspector: string | null): void
  /** A tunnel got an address after that, perhaps another one than before. */
  tunnel(tunnel: TunnelStatus): void
  /** A tunnel was stopped while the agent runs. */
  removed(tunnel: TunnelStatus): void
  /**
   * The session was lost or not made; the next try is after `retryInMs` (null: there is none). `held` not null: it waits
   * for a connection, with so many visitors.
   */
  offline(error: UniRouteError, retryInMs: number | null, held: number | null): void
  /** The server gives no address to a tunnel, now or any more. */
  refused(tunnel: TunnelStatus, error: UniRouteError): void
  notice(level: NoticeLevel, code: string, text: string): void
  /** A tunnel whose TLS ends in the agent has a certificate, or none was issued. */
  certificate(tunnel: TunnelStatus, news: CertificateNews): void
  opened(connection: ConnectionInfo): void
  closed(connection: ConnectionEnd): void
  draining(graceMs: number): void
  /** After `ready`: the pages of the inspector are elsewhere, or are not any more (null), and why. */
  inspector(url: string | null, problem: string | null): void
  /** The last call: gives the terminal back. `error`: what is told on stderr from now on; null: nothing is. */
  end(error: Error | null): void
}

/** What became of a certificate, for people. */
export function certificateText(news: CertificateNews): string {
  if (news.state === 'mismatch') return `${news.message} (${news.code})`
  if (news.state === 'ready') return `the certificate for ${news.name} is good until ${news.notAfter.toISOString()}`
  const what = news.state === 'failed' ? 'no certificate was issued' : 'no certificate yet'
  return `${what} for ${news.name}, the next try is at ${news.nextTry.toISOString()}: ${news.message} (${news.code})`
}

/** What became of the visitors, for people. */
export function reconnectedText({ awayMs, visitors }: Resumption): string {
  const how = awayMs === 0 ? 'went over to a new connection' : `reconnected after ${(awayMs / 1000).toFixed(1)} s`
  return `${how}, ${visitorsText(visitors)} kept`
}

/** `1 visitor`, `3 visitors` */
export function visitorsText(visitors: number): string {
  return visitors === 1 ? '1 visitor' : `${visitors} visitors`
}
