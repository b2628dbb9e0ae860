import type { TLSSocket } from 'node:tls'
import type { VisitorCertificate } from '../../access/visitor-rules/index.js'
import type { Code } from '../../core/error-codes.js'

/**
 * What a handshake showed. `socket.authorized` alone says nothing: it is true as well for a session by TLS 1.3 that is
 * resumed and never had a certificate.
 */
export function shownIn(socket: TLSSocket, authorities: string): VisitorCertificate {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return { authorities, der: null, problem: null, validTo: 0 }
  const problem = socket.authorized ? null : problemOf(socket)
  return { authorities, der: certificate.raw, problem, validTo: Date.parse(certificate.validTo) }
}

/** Node gives OpenSSL's name of the problem, where its types promise an Error. */
function problemOf({ authorizationError }: TLSSocket): Code {
  return PROBLEMS[String(authorizationError)] ?? 'UR_VISITOR_CERT_UNTRUSTED'
}

const PROBLEMS: Readonly<Record<string, Code>> = {
  CERT_HAS_EXPIRED: 'UR_VISITOR_CERT_EXPIRED',
  CERT_NOT_YET_VALID: 'UR_VISITOR_CERT_EXPIRED',
  INVALID_PURPOSE: 'UR_VISITOR_CERT_PURPOSE',
}
