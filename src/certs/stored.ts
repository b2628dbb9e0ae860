import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { CertificateError } from '../core/errors.js'
import type { CertificateRecord } from '../store/index.js'
import { type Certificate, namesOf } from './pem-files.js'
import { keyPurpose } from './purposes.js'
import type { Lifetime } from './renewal.js'
import { tlsOptions } from './tls-options.js'
import type { KeyVault } from './vault.js'

/** A certificate that is kept. Its key stays encrypted, and its context unmade, until a client asks for it. */
export class StoredCertificate implements Certificate, Lifetime {
  readonly record: CertificateRecord
  readonly names: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  readonly #vault: KeyVault
  #context: SecureContext | null = null

  /** Throws CertificateError UR_VAULT_… or UR_CERT_STORED: it cannot be served. */
  constructor(record: CertificateRecord, vault: KeyVault) {
    this.record = record
    this.#vault = vault
    try {
      const leaf = new X509Certificate(record.chain)
      if (!leaf.checkPrivateKey(createPrivateKey(this.key))) throw new Error('its key is another one')
      this.names = namesOf(leaf)
      this.notBefore = new Date(leaf.validFrom)
      this.notAfter = new Date(leaf.validTo)
    } catch (error) {
      if (error instanceof CertificateError) throw error
      throw new CertificateError(
        'UR_CERT_STORED',
        `The certificate for ${record.name} that is kept cannot be used: ${(error as Error).message}. ` +
          'What to do: nothing, it is ordered anew.',
        { cause: error },
      )
    }
  }

  get cert(): string {
    return this.record.chain
  }

  get key(): string {
    return this.#vault.unseal(keyPurpose(this.record.name), this.record.key)
  }

  get context(): SecureContext {
    return (this.#context ??= createSecureContext({ ...tlsOptions('TLSv1.2'), cert: this.cert, key: this.key }))
  }

  /** Whether it serves each of these names. */
  serves(names: readonly string[]): boolean {
    return names.every((name) => this.names.includes(name))
  }
}
