import { generateKeyPairSync } from 'node:crypto'
import { CertificateBook } from './book.js'
import { type Certificate, parseCertificate } from './pem-files.js'
import type { StoredCertificate } from './stored.js'
import { signedCertificate } from './x509.js'

const DAY_MS = 86_400_000
/** Longer than any process runs. */
const PLACEHOLDER_DAYS = 3650
const FROM = { cert: 'the placeholder certificate', key: 'the placeholder key' }

/**
 * Certificates that authorities issued. As long as there is none for the server itself, one that nobody trusts stands
 * in: clients are told at once, instead of hanging.
 */
export class StoreBook extends CertificateBook {
  readonly caFile = null
  readonly #placeholder: Certificate

  /** `domain`: the server's own name. */
  constructor(domain: string) {
    super()
    this.#placeholder = placeholder(domain)
    this.serve([this.#placeholder])
  }

  /** Serves these from now on; the first is the default if it is for `own`. */
  use(certificates: readonly StoredCertificate[], own: string): void {
    const hasOwn = certificates[0]?.record.name === own
    this.serve(hasOwn ? certificates : [this.#placeholder, ...certificates])
  }

  close(): void {
    // Nothing is watched here: whoever gives it certificates does.
  }
}

function placeholder(domain: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = new Date()
  const cert = signedCertificate(
    {
      commonName: 'UniRoute: no certificate was issued yet',
      issuerName: 'UniRoute: no certificate was issued yet',
      notBefore: new Date(now.getTime() - DAY_MS),
      notAfter: new Date(now.getTime() + PLACEHOLDER_DAYS * DAY_MS),
      publicKey,
      issuerKey: publicKey,
      role: { names: [domain] },
    },
    privateKey,
  )
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  // It covers nothing: whoever asks whether there is a certificate for the domain is told that there is none.
  return { ...parseCertificate({ cert, key }, FROM, now), names: [] }
}
