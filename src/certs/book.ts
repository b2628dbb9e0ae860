import { isIP } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { authoritiesId, authoritiesPem, type ClientAuthorities } from '../config/index.js'
import { BoundedMap } from '../core/bounded-map.js'
import { normaliseHost, normalisePattern } from '../routing/index.js'
import type { Certificate } from './pem-files.js'
import { tlsOptions } from './tls-options.js'

/** Sets of authorities for clients that are kept ready with one certificate. */
const MOST_SETS = 256

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
  /** Contexts that ask clients for certificates, by the set of authorities. */
  readonly #asking = new WeakMap<Certificate, BoundedMap<SecureContext>>()

  /**
   * The context for a server name: that of a certificate with this very name, else with the wildcard above it (one
   * label, RFC 6125 §6.4.3), else the default. undefined only for a book without certificates. `clients`: those who are
   * to vouch for the certificates of clients.
   */
  secureContextFor(sni: string | undefined, clients?: ClientAuthorities): SecureContext | undefined {
    const certificate = this.certificateFor(sni)
    return certificate === undefined || clients === undefined
      ? certificate?.context
      : this.#contextAsking(certificate, clients)
  }

  /** The certificate for a server name, as `secureContextFor` finds it. */
  protected certificateFor(sni: string | undefined): Certificate | undefined {
    const named = sni === undefined ? undefined : this.#named(sni)
    return named ?? this.#certificates[0]
  }

  #contextAsking(certificate: Certificate, clients: ClientAuthorities): SecureContext {
    const contexts = this.#asking.get(certificate) ?? new BoundedMap(MOST_SETS)
    this.#asking.set(certificate, contexts)
    const id = authoritiesId(clients)
    let context = contexts.get(id)
    if (context === undefined) {
      const { cert, key } = certificate
      contexts.set(
        id,
        (context = createSecureContext({ ...tlsOptions('TLSv1.2'), cert, key, ...clientTrust(clients) })),
      )
    }
    return context
  }

  /** Whether a certificate with this very name (it may be a wildcard), or with the wildcard above it, is served. */
  covers(host: string): boolean {
    return this.#named(host) !== undefined || this.#byName.has(normalisePattern(host) ?? '')
  }

  /** What the certificates that are served are for, for people, when none of them is for `host`; null: one is. */
  otherNames(host: string): string | null {
    return this.covers(host)
      ? null
      : this.describe()
          .flatMap(({ names }) => names)
          .join(', ')
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

/**
 * Options of Node's TLS with which certificates of clients are verified against exactly these authorities, be they roots
 * or intermediates; a session is resumed only where the same are asked for.
 */
export function clientTrust(clients: ClientAuthorities): {
  readonly ca: string[]
  readonly allowPartialTrustChain: true
  readonly sessionIdContext: string
} {
  // OpenSSL takes up to 32 bytes
  const sessionIdContext = authoritiesId(clients).slice(0, 32)
  return { ca: authoritiesPem(clients), allowPartialTrustChain: true, sessionIdContext }
}
