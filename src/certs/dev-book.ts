import type { Logger } from '../core/logger.js'
import { CertificateBook } from './book.js'
import { DevCa } from './dev-ca.js'
import { type Certificate, parseCertificate } from './pem-files.js'

const DAY_MS = 86_400_000
const LEAF_DAYS = 90
const RENEWAL_DAYS = 30
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

/** The certificate of a development server, from a CA of its own; a new one a month before the old one ends. */
export class DevBook extends CertificateBook {
  readonly caFile: string
  readonly #ca: DevCa
  readonly #timer: NodeJS.Timeout

  private constructor(ca: DevCa, { log, now = () => new Date(), checkMs = 3_600_000 }: DevBookOptions) {
    super()
    this.#ca = ca
    this.caFile = ca.caFile
    this.serve([this.#issue(now())])
    this.#timer = setInterval(() => {
      const ends = this.describe()[0]?.notAfter ?? new Date(0)
      if (ends.getTime() - now().getTime() > RENEWAL_DAYS * DAY_MS) return
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

  close(): void {
    clearInterval(this.#timer)
  }

  #issue(now: Date): Certificate {
    return parseCertificate(this.#ca.issue(new Date(now.getTime() + LEAF_DAYS * DAY_MS), now), FROM, now)
  }
}
