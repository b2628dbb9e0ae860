import { createHash, X509Certificate } from 'node:crypto'
import { RefusedError } from '../core/errors.js'
import type { AgentCertificateRecord, AgentCertificateRepository } from '../store/index.js'

/** The certificate that an agent showed in its TLS handshake, which proved that it has the key: DER. */
export type ShownCertificate = Buffer

export type CertificateLookup = Pick<AgentCertificateRepository, 'find' | 'authority' | 'revokedSince'>

/** What certificates are called where tokens are too: no token has such a hash. */
export function certificateKey(fingerprint: string): string {
  return `certificate:${fingerprint}`
}

/** SHA-256, lower-case hex, as it is stored. */
export function fingerprintOf(shown: ShownCertificate): string {
  return createHash('sha256').update(shown).digest('hex')
}

/**
 * The certificate in the database that was shown. It is known by its fingerprint, so it needs no chain: the authority only
 * tells why one is not known. Throws RefusedError UR_AGENT_CERT_AUTHORITY, UR_AGENT_CERT_UNKNOWN or UR_AGENT_CERT_REVOKED;
 * StoreError.
 */
export async function findCertificate(
  certificates: CertificateLookup,
  shown: ShownCertificate,
): Promise<AgentCertificateRecord> {
  const found = await certificates.find(fingerprintOf(shown))
  if (found === null) throw unknownCertificate(shown, (await certificates.authority())?.certificate ?? null)
  if (found.revokedAt !== null) throw certificateRevoked()
  return found
}

function unknownCertificate(shown: ShownCertificate, authority: string | null): RefusedError {
  if (authority !== null && isSignedBy(shown, authority)) {
    return new RefusedError(
      'UR_AGENT_CERT_UNKNOWN',
      'The server signed the certificate of the agent, but does not know it any more. What to do: have the operator make another with `uniroutd agent-cert create`.',
    )
  }
  return new RefusedError(
    'UR_AGENT_CERT_AUTHORITY',
    'The certificate of the agent was not made by this server. What to do: check that certificate and server belong together, ' +
      'or have the operator make one with `uniroutd agent-cert create NAME`.',
  )
}

function isSignedBy(shown: ShownCertificate, authority: string): boolean {
  try {
    return new X509Certificate(shown).verify(new X509Certificate(authority).publicKey)
  } catch {
    return false
  }
}

export function certificateRevoked(): RefusedError {
  return new RefusedError(
    'UR_AGENT_CERT_REVOKED',
    'The certificate of the agent was revoked. What to do: ask the operator of the server for a new one.',
  )
}

export function certificateExpired(): RefusedError {
  return new RefusedError(
    'UR_AGENT_CERT_EXPIRED',
    'The certificate of the agent has expired. What to do: ask the operator of the server for a new one (`uniroutd agent-cert add NAME`).',
  )
}

export function certificateOfOther(): RefusedError {
  return new RefusedError(
    'UR_AGENT_CERT_TOKEN',
    'The certificate of the agent belongs to another token than the one that it sent or opened its session with. What to do: leave the token out, or give the certificate that belongs to it.',
  )
}

export function certificateMissing(): RefusedError {
  return new RefusedError(
    'UR_AGENT_CERT_MISSING',
    'The session was opened with a certificate, and a connection for it showed none. What to do: give the agent its certificate again.',
  )
}
