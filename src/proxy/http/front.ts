import type { VisitorCertificate } from '../../access/visitor-rules/index.js'
import type { Visitor } from '../../tunnels/index.js'
import type { Exchange } from './api.js'
import type { HttpLimits } from './limits.js'

/** A visitor's connection as the ingress knows it. */
export interface FrontConnection {
  readonly visitor: Visitor
  /** Host of the SNI; null: without TLS. */
  readonly host: string | null
  readonly scheme: 'http' | 'https'
  /** What it showed of the visitor's certificate; null: without TLS. */
  readonly certificate: VisitorCertificate | null
}

export interface FrontOptions {
  readonly limits: HttpLimits
  onExchange(exchange: Exchange): void
  /** A request that could not even be read was answered by us. */
  onMalformed(connection: FrontConnection, code: string): void
  /** We failed at something, and not the visitor. */
  onDefect(error: unknown): void
}
