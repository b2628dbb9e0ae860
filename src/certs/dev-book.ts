import type { Logger } from '../core/logger.js'
import { normaliseHost } from '../routing/index.js'
import { CertificateBook } from './book.js'
import { DevCa } from './dev-ca.js'
import { type Certificate, parseCertificate } from './pem-files.js'

const DAY_MS = 86_400_000
const LEAF_DAYS = 90
const RENEWAL_DAYS = 30
/** Certificates of single names that are kept. */
const MOST_NAMED = 256
const FROM = { cert: 'the development certificate', key: 'the development key' }

export interface DevBookOptions {
  /** Folder of the CA: `dev-ca` in the data folder. */
  readonly dir: string
  /** Host name of the server. */
  readonly domain: string
  readonly log: Logger
  /** The time of day. */
  readonly now?: () => Date
  /** Time between two looks at the dates, ms. Default: an hour. */
  readonly checkMs?: number
}

/** The certificates of a development server, from a CA of its own; new ones a month before the old ones end. */
export class DevBook extends CertificateBook {
  readonly caFile: string
  readonly #ca: DevCa
  readonly #domain: string
  readonly #now: () => Date
  readonly #timer: NodeJS.Timeout
  /** Certificates for names below the domain; the one used longest ago first. */
  readonly #named = new Map<string, Certificate>()

  private constructor(ca: DevCa, { domain, log, now = () => new Date(), checkMs = 3_600_000 }: DevBookOptions) {
    super()
    this.#ca = ca
    this.#domain = domain
    this.#now = now
    this.caFile = ca.caFile
    this.serve([this.#issue(now())])
    this.#timer = setInterval(() => {
      const ends = this.describe()[0]?.notAfter ?? new Date(0)
      if (ends.getTime() - now().getTime() > RENEWAL_DAYS * DAY_MS) return
      this.#named.clear()
      this.serve([this.#issue(now())])
      log.info({ not_after: this.describe()[0]?.notAfter }, 'development certificate renewed')
    }, checkMs)
    this.#timer.unref()
  }

  /** Throws CertificateError UR_CERT_DEV_CA. */
  static async open(options: DevBookOptions): Promise<DevBook> {
    const { dir, domain, now = () => new Date() } = options
    return new DevBook(await DevCa.open(dir, domain, now()), options)
  }

  /**
   * A name right below the domain gets a certificate of its own: many clients take no wildcard below a single label,
   * such as `*.localhost`.
   */
  protected override certificateFor(sni: string | undefined): Certificate | undefined {
    const name = sni === undefined ? null : normaliseHost(sni)
    const isBelow = name?.endsWith(`.${this.#domain}`) === true && name.split('.').length === this.#depth + 1
    return isBelow ? this.#forName(name) : super.certificateFor(sni)
  }

  get #depth(): number {
    return this.#domain.split('.').length
  }

  #forName(name: string): Certificate {
    const certificate = this.#named.get(name) ?? this.#issue(this.#now(), [name])
    this.#named.delete(name)
    this.#named.set(name, certificate)
    const [oldest] = this.#named.keys()
    if (this.#named.size > MOST_NAMED && oldest !== undefined) this.#named.delete(oldest)
    return certificate
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #issue(now: Date, names: readonly string[] = []): Certificate {
    return parseCertificate(this.#ca.issue(new Date(now.getTime() + LEAF_DAYS * DAY_MS), now, names), FROM, now)
  }
}
