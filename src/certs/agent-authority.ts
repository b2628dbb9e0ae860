import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { ConfigError } from '../core/errors.js'
import type { AgentCertificateRepository } from '../store/index.js'
import { authorityPurpose } from './purposes.js'
import type { KeyVault } from './vault.js'
import { signedCertificate } from './x509.js'

const DAY_MS = 86_400_000
/** It signs for as long; certificates beyond its end would be good for nothing. */
const AUTHORITY_DAYS = 20 * 365
/** Clocks of small machines are often behind. */
const BACKDATED_MS = DAY_MS
const NAME = 'UniRoute agents'
/** In the table, and for the vault. */
const ROW = 'agents'

/** A certificate that was made. */
export interface IssuedCertificate {
  /** PEM; whoever wants the authority's beside it finds it in `authority`. */
  readonly certificate: string
  readonly authority: string
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint: string
  readonly serial: string
  readonly expiresAt: Date
}

/**
 * The authority that signs the certificates with which agents log in: made once, when it is first needed, and kept in the
 * database, where all servers find it, with its key encrypted. Only who makes certificates needs the key of the vault: an
 * agent is known by the fingerprint of its certificate.
 */
export class AgentAuthority {
  readonly #repository: Pick<AgentCertificateRepository, 'authority' | 'putAuthority'>
  readonly #vault: () => Promise<KeyVault>

  constructor(
    repository: Pick<AgentCertificateRepository, 'authority' | 'putAuthority'>,
    vault: () => Promise<KeyVault>,
  ) {
    this.#repository = repository
    this.#vault = vault
  }

  /**
   * Certifies a public key (SPKI, PEM) until `expiresAt`. Throws ConfigError UR_AGENT_CERT_KEY for one that is not ECDSA
   * on P-256; CertificateError UR_VAULT_…; StoreError.
   */
  async issue(commonName: string, publicKeyPem: string, expiresAt: Date, now = new Date()): Promise<IssuedCertificate> {
    const publicKey = parseKey(publicKeyPem)
    const { certificate: authority, key } = await this.#open(now)
    const issuer = new X509Certificate(authority)
    const certificate = signedCertificate(
      {
        commonName,
        issuerName: NAME,
        notBefore: new Date(now.getTime() - BACKDATED_MS),
        notAfter: new Date(Math.min(expiresAt.getTime(), Date.parse(issuer.validTo))),
        publicKey,
        issuerKey: issuer.publicKey,
        role: { clients: 'is' },
      },
      key,
    )
    const made = new X509Certificate(certificate)
    return {
      certificate,
      authority,
      fingerprint: fingerprintOf(made),
      serial: made.serialNumber,
      expiresAt: new Date(made.validTo),
    }
  }

  async #open(now: Date): Promise<{ certificate: string; key: KeyObject }> {
    const vault = await this.#vault()
    const found = (await this.#repository.authority()) ?? (await this.#repository.putAuthority(make(vault, now)))
    return { certificate: found.certificate, key: createPrivateKey(vault.unseal(authorityPurpose(ROW), found.key)) }
  }
}

/** SHA-256 of the DER, lower-case hex. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

function make(vault: KeyVault, now: Date): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = signedCertificate(
    {
      commonName: NAME,
      issuerName: NAME,
      notBefore: new Date(now.getTime() - BACKDATED_MS),
      notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
      publicKey,
      issuerKey: publicKey,
      role: { clients: 'vouches' },
    },
    privateKey,
  )
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { certificate, key: vault.seal(authorityPurpose(ROW), pem) }
}

function parseKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  } catch {
    // as below
  }
  const message =
    'The public key is no ECDSA key on P-256 in PEM form. What to do: make one with `openssl ecparam -name prime256v1 -genkey`.'
  throw new ConfigError('UR_AGENT_CERT_KEY', message)
}
