import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import { normaliseHost } from '../routing/index.js'
import type { Certificate } from './pem-files.js'

/** What may be told of a certificate. */
export interface CertificateSummary {
  readonly names: readonly string[]
  readonly notAfter: Date
}

/**
 * The certificates that are served now, by server name. The first one is the default. Where they come from, and when
 * they are exchanged, is the subclasses' matter; whoever opened a book closes it.
 */
export abstract class CertificateBook {
  /** Path of the CA that clients have to trust; null when the certificates come from elsewhere. */
  abstract readonly caFile: string | null
  #certificates: readonly Certificate[] = []
  #byName = new Map<string, Certificate>()
  readonly #listeners = new Set<() => void>()

  /**
   * The context for a server name: that of a certificate with this very name, else with the wildcard above it (one
   * label, RFC 6125 §6.4.3), else the default. undefined only for a book without certificates.
   */
  secureContextFor(sni: string | undefined): SecureContext | undefined {
    const named = sni === undefined ? undefined : this.#named(sni)
    return (named ?? this.#certificates[0])?.context
  }

  /** Whether a certificate with this very name, or with the wildcard above it, is served. */
  covers(host: string): boolean {
    return this.#named(host) !== undefined
  }

  #named(host: string): Certificate | undefined {
    const name = normaliseHost(host)
    if (name === null) return isIP(host) === 0 ? undefined : this.#byName.get(host.toLowerCase())
    return this.#byName.get(name) ?? this.#byName.get(name.replace(/^[^.]*/, '*'))
  }

  /** Chain and key of the default certificate, PEM. */
  get defaultPem(): { readonly cert: string; readonly key: string } {
    const first = this.#certificates[0]
    if (!first) throw new Error('a book without certificates was asked for one')
    return { cert: first.cert, key: first.key }
  }

  /** What is served now, the default first. */
  describe(): CertificateSummary[] {
    return this.#certificates.map(({ names, notAfter }) => ({ names, notAfter }))
  }

  /** Calls `listener` after each exchange, for connections from then on; returns what ends that. */
  onReload(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Stops watching and renewing. What is served stays. */
  abstract close(): void

  /** Serves these from now on; of several with the same name the first wins. */
  protected serve(certificates: readonly Certificate[]): void {
    const byName = new Map<string, Certificate>()
    for (const certificate of certificates) {
      for (const name of certificate.names) if (!byName.has(name)) byName.set(name, certificate)
    }
    const isExchange = this.#certificates.length > 0
    this.#certificates = certificates
    this.#byName = byName
    if (isExchange) for (const listener of this.#listeners) listener()
  }
}
