import { randomUUID } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { authorities } from '../../certs/acme/index.js'
import { AnswerBook } from '../../certs/answer-book.js'
import { CertificateBook } from '../../certs/book.js'
import { FolderAccounts } from '../../certs/folder/accounts.js'
import { FolderCertificates } from '../../certs/folder/certificates.js'
import { FolderLeases } from '../../certs/folder/leases.js'
import type { Issuer, IssuedCertificate, IssueRequest, RenewalWindow } from '../../certs/issuer.js'
import { CertificateKeeper } from '../../certs/keeper.js'
import type { OrderResult } from '../../certs/order.js'
import { KeyVault } from '../../certs/vault.js'
import { keySource } from '../../certs/vault-keys.js'
import type { StoredCertificate } from '../../certs/stored.js'
import type { ClientAuthorities } from '../../config/index.js'
import type { Logger } from '../../core/logger.js'
import { normaliseHost } from '../../routing/index.js'
import type { CertificateFailure } from '../../store/index.js'
import type { CertificateNews, CertificateOptions } from '../api.js'
import type { CertificateSource } from './api.js'

const LOOK_MS = 10_000
/** Between two signs of life of whoever orders; a dead one is found after some of them. */
const BEAT_MS = 5_000

export interface AcmeCertificatesOptions extends CertificateOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  /** Whether a tunnel whose TLS ends here has this very name now: authorities would come in vain otherwise. */
  isBound(host: string): boolean
  onNews(host: string, news: CertificateNews): void
}

/**
 * Certificates of an agent's own, from an authority that comes through the tunnel (tls-alpn-01). Ordered when a tunnel has
 * its name, never because a visitor asks for one. Accounts, keys and certificates stand in a folder, which several
 * processes may share.
 */
export class AcmeCertificates implements CertificateSource {
  readonly #keeper: CertificateKeeper
  readonly #answers: AnswerBook
  readonly #options: AcmeCertificatesOptions
  readonly #book = new KeptBook()

  private constructor(options: AcmeCertificatesOptions, vault: KeyVault, kept: Kept) {
    const { log, acme } = options
    this.#options = options
    this.#answers = new AnswerBook({ kinds: ['tls-alpn-01'], store: null, log })
    const solver = this.#answers
    const { certificates, leases, accounts } = kept
    this.#keeper = new CertificateKeeper({
      certificates,
      lease: { leases, holder: randomUUID(), beatMs: BEAT_MS },
      vault,
      issuer: new WhenNeeded(() => authorities({ keys: acme, place: 'acme', solver, accounts, log })),
      admit: () => Promise.resolve(),
      now: () => new Date(),
      random: Math.random,
      own: null,
      isStillWanted: (name) => options.isBound(name),
      onChange: (certificates) => this.#book.use(certificates),
      onOrder: (result, name) => this.#onOrder(result, name),
      log,
      lookMs: LOOK_MS,
    })
  }

  /** What is kept can be served from then on. Throws CertificateError UR_STATE_FOLDER, UR_VAULT_KEY. */
  static async open(options: AcmeCertificatesOptions): Promise<AcmeCertificates> {
    const { stateDir, env } = options
    const certificates = await FolderCertificates.open(stateDir)
    const vault = await KeyVault.open(keySource({ env, file: null, dataDir: stateDir }))
    const [leases, accounts] = await Promise.all([FolderLeases.open(stateDir), FolderAccounts.open(stateDir, vault)])
    const made = new AcmeCertificates(options, vault, { certificates, leases, accounts })
    await made.#keeper.load()
    made.#keeper.start()
    return made
  }

  bound(host: string): void {
    const there = this.#keeper.certificates.find(({ record }) => record.name === host)
    if (there !== undefined) return this.#tellReady(host, there.notAfter)
    const failure = this.#keeper.failures.find(({ name }) => name === host)
    if (failure !== undefined && failure.nextAt > new Date()) this.#tellFailure(host, 'waiting', failure)
    void this.#keeper.want(host)
  }

  contextFor(name: string, clients?: ClientAuthorities): SecureContext | null | Promise<SecureContext | null> {
    const context = (): SecureContext | null =>
      this.#book.covers(name) ? (this.#book.secureContextFor(name, clients) ?? null) : null
    const coming = this.#book.covers(name) ? null : this.#keeper.coming(normaliseHost(name) ?? '')
    return coming === null ? context() : coming.then(context)
  }

  challengeFor(serverName: string): Promise<SecureContext | null> {
    return this.#answers.tlsAlpnContext(serverName)
  }

  close(): void {
    void this.#keeper.close()
  }

  #onOrder(result: OrderResult, name: string): void {
    if ('record' in result) this.#tellReady(name, result.record.expiresAt)
    else this.#tellFailure(name, result.kind, result.failure)
  }

  #tellReady(name: string, notAfter: Date): void {
    this.#options.onNews(name, { state: 'ready', name, notAfter })
  }

  #tellFailure(
    name: string,
    state: 'failed' | 'waiting',
    { code, message, nextAt: nextTry }: CertificateFailure,
  ): void {
    this.#options.onNews(name, { state, name, code, message, nextTry })
  }
}

/** What is kept, by name. */
class KeptBook extends CertificateBook {
  readonly caFile = null

  use(certificates: readonly StoredCertificate[]): void {
    this.serve(certificates)
  }

  close(): void {
    // Whoever keeps the certificates ends that.
  }
}

interface Kept {
  readonly certificates: FolderCertificates
  readonly leases: FolderLeases
  readonly accounts: FolderAccounts
}

/** Made when something is asked of it: what speaks ACME is large, and most agents find their certificate in the folder. */
class WhenNeeded implements Issuer {
  readonly #make: () => Promise<Issuer>
  #made: Issuer | null = null

  constructor(make: () => Promise<Issuer>) {
    this.#make = make
  }

  async issue(request: IssueRequest, signal: AbortSignal): Promise<IssuedCertificate> {
    return (this.#made ??= await this.#make()).issue(request, signal)
  }

  async renewalWindow(chain: string, directory: string, signal: AbortSignal): Promise<RenewalWindow | null> {
    return (this.#made ??= await this.#make()).renewalWindow(chain, directory, signal)
  }
}
