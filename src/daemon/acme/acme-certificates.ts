import { randomUUID } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { authorities } from '../../certs/acme/index.js'
import type { AddressKeeper, DnsProvider } from '../../certs/dns/index.js'
import {
  AnswerBook,
  CertificateKeeper,
  type ChallengeSolver,
  type ChallengeType,
  keySource,
  KeyVault,
  type OrderResult,
  Solvers,
  StoreBook,
} from '../../certs/index.js'
import type { ClientAuthorities, ServerConfig } from '../../config/index.js'
import { CertificateError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import { DnsClient } from '../../dns/index.js'
import type { Source } from '../../metrics/index.js'
import { lookForPointing } from '../../names/index.js'
import { normaliseHost } from '../../routing/index.js'
import type { Store } from '../../store/index.js'
import { accountsIn, sharedChallenges } from './accounts.js'
import { addressKeeper, dnsProvider, dnsSolver } from './dns.js'

const LOOK_MS = 10_000
/** Between two signs of life of whoever orders; a dead one is found after some of them. */
const BEAT_MS = 5_000

export interface AcmeOptions {
  readonly config: ServerConfig
  readonly store: Store
  readonly log: Logger
  readonly env: NodeJS.ProcessEnv
  /** Whether a name outside of the server's domain was proved by whoever reserved it. */
  isProved(host: string): boolean
  /** Whether there is a tunnel at this very host name. */
  isBound(host: string): boolean
}

/**
 * Certificates from authorities: of the server itself, and, for each name that has a tunnel and that its certificate
 * does not cover, one of its own. A name that nobody has bound, or whose ownership was not proved, is never ordered.
 */
export class AcmeCertificates {
  readonly book: StoreBook
  readonly keeper: CertificateKeeper
  readonly answers: AnswerBook
  readonly vault: KeyVault
  readonly #options: AcmeOptions
  readonly #addresses: AddressKeeper | null
  /** Names of the server's own certificate. */
  readonly #own: readonly string[]
  readonly #orders: Record<OrderResult['kind'], number> = { issued: 0, found: 0, failed: 0, waiting: 0 }
  #issuedAt = 0

  private constructor(options: AcmeOptions, vault: KeyVault, parts: Parts) {
    const { config, store, log } = options
    this.#options = options
    this.vault = vault
    this.answers = parts.answers
    this.#addresses = parts.provider && addressKeeper(config, parts.provider, log)
    const domain = normaliseHost(config.domain) ?? config.domain
    this.book = new StoreBook(domain)
    const canHaveAll = parts.solver.kindsFor(`*.${domain}`).length > 0
    this.#own = canHaveAll ? [domain, `*.${domain}`] : [domain]
    this.keeper = new CertificateKeeper({
      certificates: store.certificates,
      lease: { leases: store.leases, holder: randomUUID(), beatMs: BEAT_MS },
      vault,
      issuer: parts.issuer,
      admit: (name) => (name === domain ? Promise.resolve() : this.#admit(name)),
      now: () => new Date(),
      random: Math.random,
      own: { name: domain, names: this.#own },
      isStillWanted: (name) => this.#mayHave(name),
      onChange: (certificates) => this.book.use(certificates, domain),
      onOrder: ({ kind }) => this.#count(kind),
      log,
      lookMs: LOOK_MS,
    })
  }

  /** What is stored can be served from then on. Throws CertificateError, StoreError. */
  static async open(options: AcmeOptions): Promise<AcmeCertificates> {
    const { config, store, log, env } = options
    const vault = await KeyVault.open(keySource({ env, file: config.certs.key_file, dataDir: config.data_dir }))
    const provider = dnsProvider(config.certs.acme.dns, env)
    // The servers of one database file are one server.
    const shared = config.store === 'sqlite' ? null : sharedChallenges(store.acme)
    const answers = new AnswerBook({ kinds: answerKinds(config), store: shared, log })
    const solver = new Solvers([...dnsSolvers(config, provider, log), answers])
    const accounts = accountsIn(store.acme, vault)
    const issuer = await authorities({ keys: config.certs.acme, place: 'certs.acme', solver, accounts, log })
    const certificates = new AcmeCertificates(options, vault, { answers, provider, solver, issuer })
    await certificates.keeper.load()
    return certificates
  }

  /** From then on authorities may come and ask. */
  start(): void {
    this.keeper.start()
    this.#addresses?.start()
  }

  async close(): Promise<void> {
    await Promise.all([this.keeper.close(), this.#addresses?.close()])
  }

  /** A tunnel has this host name, or wildcard, from now on. */
  bound(host: string): void {
    if (!this.book.covers(host) && this.#mayHave(host)) void this.keeper.want(host)
  }

  /** The context for a server name; one that is being ordered is waited for. Never rejects. */
  contextFor(serverName: string, clients?: ClientAuthorities): SecureContext | null | Promise<SecureContext | null> {
    const context = (): SecureContext | null => this.book.secureContextFor(serverName, clients) ?? null
    const name = normaliseHost(serverName)
    const coming = name === null || this.book.covers(name) ? null : this.keeper.coming(name)
    return coming === null ? context() : coming.then(context)
  }

  /** For metrics. */
  numbers(): ReturnType<Source> {
    const { issued, found, failed, waiting } = this.#orders
    return {
      certificatesIssued: issued,
      certificatesFound: found,
      certificatesFailed: failed,
      certificatesWaiting: waiting,
      certificatesFailing: this.keeper.failures.length,
      ...(this.#issuedAt === 0 ? {} : { certificateIssuedAt: this.#issuedAt }),
    }
  }

  #count(result: OrderResult['kind']): void {
    this.#orders[result] += 1
    if (result === 'issued') this.#issuedAt = Date.now() / 1000
  }

  #mayHave(host: string): boolean {
    const { config, isProved, isBound } = this.#options
    if (host.startsWith('*.') || this.#isOfOwn(host) || !isBound(host)) return false
    return host.endsWith(`.${config.domain}`) || isProved(host)
  }

  /** The server's own certificate is for it, or will be. */
  #isOfOwn(host: string): boolean {
    return this.#own.includes(host) || this.#own.includes(host.replace(/^[^.]*/, '*'))
  }

  async #admit(name: string): Promise<void> {
    const { domain, dns } = this.#options.config
    const client = new DnsClient({ resolvers: dns.resolvers, timeoutMs: dns.timeout })
    const { state, text } = await lookForPointing(client, name, domain)
    if (state === 'here' || state === 'failed') return
    throw new CertificateError(
      'UR_CERT_NOT_POINTING',
      `The certificate for ${name} was not ordered: ${text}. What to do: set a CNAME record of ${name} to ${domain}, or ` +
        'the addresses that it has; it is tried again by itself.',
    )
  }
}

interface Parts {
  readonly answers: AnswerBook
  readonly provider: DnsProvider | null
  readonly solver: ChallengeSolver
  readonly issuer: ConstructorParameters<typeof CertificateKeeper>[0]['issuer']
}

/** What this server can answer itself, the best first. */
function answerKinds({ certs, listen }: ServerConfig): ('tls-alpn-01' | 'http-01')[] {
  const { challenge } = certs.acme
  const can: ('tls-alpn-01' | 'http-01')[] = listen.http === null ? ['tls-alpn-01'] : ['tls-alpn-01', 'http-01']
  return can.filter((kind: ChallengeType) => challenge === 'auto' || challenge === kind)
}

function dnsSolvers(config: ServerConfig, provider: DnsProvider | null, log: Logger): ChallengeSolver[] {
  const { challenge } = config.certs.acme
  const mayUse = challenge === 'auto' || challenge === 'dns-01'
  return provider !== null && mayUse ? [dnsSolver(config, provider, log)] : []
}
