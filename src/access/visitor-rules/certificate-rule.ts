import { authoritiesId, type ClientAuthorities } from '../../config/index.js'
import type { Code } from '../../core/error-codes.js'
import { refusal, type Refusal } from './refusal.js'

/** What a TLS connection shows of its visitor's certificate. */
export interface VisitorCertificate {
  /** `authoritiesId` of those that it was asked for by, and verified against; null: none was asked for. */
  readonly authorities: string | null
  /** DER; null: none was shown. */
  readonly der: Buffer | null
  /** Why it was not accepted in the handshake; null: it was. */
  readonly problem: Code | null
  /** When it ends, ms since 1970. */
  readonly validTo: number
}

/** Of connections that were not asked for one. */
export const NO_CERTIFICATE: VisitorCertificate = { authorities: null, der: null, problem: null, validTo: 0 }

/**
 * Which connections may come: those whose visitor showed a certificate that was verified against these very authorities,
 * and is valid still. A connection may have been made before they were these.
 */
export class CertificateRule {
  readonly #id: string
  readonly #now: () => number

  constructor(authorities: ClientAuthorities, now: () => number) {
    this.#id = authoritiesId(authorities)
    this.#now = now
  }

  /** `shown`: null for a connection without TLS. */
  check(shown: VisitorCertificate | null): Refusal | null {
    if (shown === null) return refusal('UR_VISITOR_CERT_MISSING')
    if (shown.authorities !== this.#id) return refusal('UR_VISITOR_CERT_AGAIN')
    if (shown.der === null) return refusal('UR_VISITOR_CERT_MISSING')
    if (shown.problem !== null) return refusal(shown.problem)
    return this.#now() > shown.validTo ? refusal('UR_VISITOR_CERT_EXPIRED') : null
  }
}
