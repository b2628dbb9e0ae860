import type { Clock } from '../../core/clock.js'
import type { Logger } from '../../core/logger.js'
import { decodeHttpOptions } from '../../protocol/index.js'
import { withHashes } from '../http-options.js'
import type { Tunnel } from '../tunnel.js'
import type { CertificateNews, CertificateOptions } from '../api.js'
import type { CertificateSource, TlsEnd } from './api.js'
import { FileCertificates } from './file-certificates.js'
import { HttpEnd } from './http-end.js'
import { RawEnd } from './raw-end.js'
import { TlsFront } from './tls-front.js'

export type { TlsEnd, TlsVisitor } from './api.js'

export interface EndsContext {
  readonly clock: Clock
  readonly log: Logger
  readonly env: Readonly<Record<string, string | undefined>>
  /** Needed when a tunnel has no certificate files. */
  readonly certificates: CertificateOptions | undefined
  onNews(tunnel: Tunnel, news: CertificateNews): void
}

/** The ends of all tunnels of an agent whose TLS ends there. */
export class TlsEnds {
  readonly #tunnels: readonly Tunnel[]
  readonly #context: EndsContext
  readonly #ends = new Map<Tunnel, TlsEnd>()
  /** One for all tunnels without files. */
  #acme: Promise<CertificateSource> | null = null

  /** `tunnels`: of the agent, as they are from time to time. */
  constructor(tunnels: readonly Tunnel[], context: EndsContext) {
    this.#tunnels = tunnels
    this.#context = context
  }

  /** Gives a tunnel its end. Throws CertificateError. */
  async add(tunnel: Tunnel): Promise<void> {
    const context = this.#context
    const files = tunnel.spec.terminate?.files
    const certificates =
      files === undefined
        ? unowned(await this.#openAcme())
        : await FileCertificates.open({ files, log: context.log, onNews: (news) => context.onNews(tunnel, news) })
    tunnel.end = await endOf(tunnel, certificates, context)
    this.#ends.set(tunnel, tunnel.end)
  }

  /** Closes the end of a tunnel that is removed. */
  remove(tunnel: Tunnel): void {
    this.#ends.get(tunnel)?.close()
    this.#ends.delete(tunnel)
  }

  /** Lets requests end, and closes the connections that have none. */
  drain(): void {
    for (const end of this.#ends.values()) end.drain()
  }

  close(): void {
    for (const end of this.#ends.values()) end.close()
    this.#acme?.then(
      (certificates) => certificates.close(),
      () => undefined,
    )
  }

  #openAcme(): Promise<CertificateSource> {
    this.#acme ??= openAcme(this.#tunnels, this.#context).catch((error: unknown) => {
      // What is wrong with the folder may be mended until the next tunnel.
      this.#acme = null
      throw error
    })
    return this.#acme
  }
}

/** The same, for one of several that use it: whoever opened it closes it. */
function unowned(source: CertificateSource): CertificateSource {
  return {
    contextFor: (serverName, clients) => source.contextFor(serverName, clients),
    challengeFor: (serverName) => source.challengeFor(serverName),
    bound: (host) => source.bound(host),
    close: () => undefined,
  }
}

async function openAcme(tunnels: readonly Tunnel[], context: EndsContext): Promise<CertificateSource> {
  const { certificates, env, log, onNews } = context
  if (certificates === undefined) throw new TypeError('an agent needs certificates for a tunnel without files')
  const { AcmeCertificates } = await import('./acme-certificates.js')
  const boundTo = (host: string): Tunnel[] =>
    tunnels.filter(
      ({ spec, state, lastHost }) => spec.terminate !== undefined && state === 'bound' && lastHost === host,
    )
  return AcmeCertificates.open({
    ...certificates,
    env,
    log,
    isBound: (host) => boundTo(host).length > 0,
    onNews: (host, news) => boundTo(host).forEach((tunnel) => onNews(tunnel, news)),
  })
}

async function endOf(tunnel: Tunnel, certificates: CertificateSource, { clock, log }: EndsContext): Promise<TlsEnd> {
  if (tunnel.spec.kind === 'tls') return new RawEnd({ tunnel, front: new TlsFront({ certificates, alpn: [], clock }) })
  const asked = tunnel.spec.http?.options
  const options = asked === undefined ? decodeHttpOptions(null) : await withHashes(asked)
  const { mutualTlsCa } = options.rules
  const clients = mutualTlsCa.length === 0 ? undefined : mutualTlsCa
  const front = new TlsFront({ certificates, alpn: ['h2', 'http/1.1'], clients, clock })
  return new HttpEnd({ tunnel, front, options, clock, log })
}
