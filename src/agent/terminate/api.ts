import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type { ClientAuthorities } from '../../config/index.js'
import type { Visitor } from '../../tunnels/index.js'

/** Where TLS of a tunnel's visitors ends: in the agent, so that the server never has their plaintext. */
export interface TlsEnd {
  /**
   * Takes a visitor whose TLS comes over `duplex`, which belongs to it from here on. `done` is told exactly once, when its
   * TLS is over: null, or why it went wrong.
   */
  take(duplex: Duplex, visitor: TlsVisitor, done: TlsDone): void
  /** The tunnel has this public name (or wildcard) from now on. */
  bound(host: string): void
  /** Lets requests end, and closes the connections that have none. */
  drain(): void
  /** Stops everything: timers, watched files. Connections are not its matter. */
  close(): void
}

export type TlsDone = (error: Error | null) => void

/** A visitor as the server tells of him: `sni` and `alpn` are of his ClientHello. */
export interface TlsVisitor extends Visitor {
  readonly sni: string
  readonly alpn: string
  /** For the logs of both sides. */
  readonly connectionId: string
}

/** The certificates of a tunnel. */
export interface CertificateSource {
  /**
   * The context for a server name, perhaps one that is on its way; null: there is none. `clients`: those who are to vouch
   * for the certificates of visitors. Never rejects.
   */
  contextFor(serverName: string, clients?: ClientAuthorities): SecureContext | null | Promise<SecureContext | null>
  /** That which proves a name to an authority which comes by ALPN acme-tls/1 (RFC 8737); null: no order waits for it. */
  challengeFor(serverName: string): Promise<SecureContext | null>
  /** The tunnel has this public name from now on. */
  bound(host: string): void
  close(): void
}
