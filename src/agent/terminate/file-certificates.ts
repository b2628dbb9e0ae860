import type { SecureContext } from 'node:tls'
import { FileBook } from '../../certs/file-book.js'
import type { CertificateFiles } from '../../certs/pem-files.js'
import type { ClientAuthorities } from '../../config/index.js'
import type { Logger } from '../../core/logger.js'
import type { CertificateSource } from './api.js'

/** A certificate of the user's own, read again when its files change. */
export class FileCertificates implements CertificateSource {
  readonly #book: FileBook

  private constructor(book: FileBook) {
    this.#book = book
  }

  /** Throws CertificateError UR_CERT_…. */
  static async open(files: CertificateFiles, log: Logger): Promise<FileCertificates> {
    return new FileCertificates(await FileBook.open({ files: [files], log }))
  }

  contextFor(serverName: string, clients?: ClientAuthorities): SecureContext | null {
    return this.#book.secureContextFor(serverName, clients) ?? null
  }

  async challengeFor(): Promise<null> {
    return null
  }

  bound(): void {
    // It is what it is.
  }

  close(): void {
    this.#book.close()
  }
}
