import type { Logger } from '../core/logger.js'
import { CertificateError } from '../core/errors.js'
import { CertificateBook } from './book.js'
import { FileWatch } from './file-watch.js'
import { type Certificate, type CertificateFiles, readCertificate } from './pem-files.js'

export interface FileBookOptions {
  /** At least one; the first is the default. */
  readonly files: readonly CertificateFiles[]
  readonly log: Logger
  /** The time of day. */
  readonly now?: () => Date
  /** Default: 10 s. */
  readonly pollMs?: number
  /** Default: 200 ms. */
  readonly settleMs?: number
}

const EXPIRY_WARNING_MS = 14 * 86_400_000

/**
 * Certificates from files. A file that changes is read again by itself; what cannot be used (half written, a key that
 * does not fit yet) is logged, and the old certificate stays until the files are right.
 */
export class FileBook extends CertificateBook {
  readonly caFile = null
  readonly #options: FileBookOptions
  #files: readonly CertificateFiles[] = []
  #certificates: readonly Certificate[] = []
  #watch: FileWatch | null = null
  #closed = false

  private constructor(options: FileBookOptions) {
    super()
    this.#options = options
  }

  /** Throws CertificateError UR_CERT_…: at the start every pair has to be right. */
  static async open(options: FileBookOptions): Promise<FileBook> {
    const book = new FileBook(options)
    await book.reload(options.files)
    return book
  }

  /**
   * Serves these files from now on, read anew. Throws CertificateError when one cannot be used; then everything stays
   * as it was.
   */
  async reload(files: readonly CertificateFiles[]): Promise<void> {
    const { log, pollMs = 10_000, settleMs = 200 } = this.#options
    const paths = files.flatMap(({ cert, key }) => [cert, key])
    const watch = new FileWatch({ files: paths, log, pollMs, settleMs, onChange: () => this.#readAgain() })
    try {
      await watch.start()
      const certificates = await Promise.all(files.map((pair) => readCertificate(pair, this.#now())))
      this.#watch?.close()
      this.#watch = watch
      this.#files = files
      this.#use(certificates)
    } catch (error) {
      watch.close()
      throw error
    }
    if (this.#closed) watch.close()
  }

  close(): void {
    this.#closed = true
    this.#watch?.close()
  }

  async #readAgain(): Promise<void> {
    const files = this.#files
    const before = this.#certificates
    const now = await Promise.all(files.map((pair, i) => this.#readOrKeep(pair, before[i])))
    const isNews = now.some(({ cert, key }, i) => cert !== before[i]?.cert || key !== before[i].key)
    if (files !== this.#files || !isNews) return
    this.#use(now)
    this.#options.log.info({ certificates: this.describe() }, 'certificate files changed and were read again')
  }

  async #readOrKeep(pair: CertificateFiles, old: Certificate | undefined): Promise<Certificate> {
    try {
      return await readCertificate(pair, this.#now())
    } catch (error) {
      if (!old || !(error instanceof CertificateError)) throw error
      const fields = {
        code: error.code,
        cert: pair.cert,
        key: pair.key,
        reason: error.message,
        not_after: old.notAfter,
      }
      this.#options.log.error(fields, 'a certificate file changed and cannot be used; the old certificate stays')
      return old
    }
  }

  #use(certificates: readonly Certificate[]): void {
    this.#certificates = certificates
    this.serve(certificates)
    for (const { names, notAfter } of certificates) {
      if (notAfter.getTime() - this.#now().getTime() > EXPIRY_WARNING_MS) continue
      this.#options.log.warn({ names, not_after: notAfter }, 'a certificate expires soon; renew it')
    }
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date()
  }
}
