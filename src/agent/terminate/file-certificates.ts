import type { SecureContext } from 'node:tls'
import { FileBook } from '../../certs/file-book.js'
import type { CertificateFiles } from '../../certs/pem-files.js'
import type { ClientAuthorities } from '../../config/index.js'
import type { Logger } from '../../core/logger.js'
import type { CertificateNews } from '../api.js'
import type { CertificateSource } from './api.js'

export interface FileCertificatesOptions {
  readonly files: CertificateFiles
  readonly log: Logger
  /** Called when the tunnel has a name that the certificate is not for: once for each name and certificate. */
  onNews(news: CertificateNews): void
}

/** A certificate of the user's own, read again when its files change. */
export class FileCertificates implements CertificateSource {
  readonly #book: FileBook
  readonly #options: FileCertificatesOptions
  /** The tunnel's; empty before it has one. */
  #host = ''
  /** What was told last; empty: the certificate is for the name. */
  #told = ''

  private constructor(book: FileBook, options: FileCertificatesOptions) {
    this.#book = book
    this.#options = options
    book.onReload(() => this.#compareNames())
  }

  /** Throws CertificateError UR_CERT_…. */
  static async open(options: FileCertificatesOptions): Promise<FileCertificates> {
    const { files, log } = options
    return new FileCertificates(await FileBook.open({ files: [files], log }), options)
  }

  contextFor(serverName: string, clients?: ClientAuthorities): SecureContext | null {
    return this.#book.secureContextFor(serverName, clients) ?? null
  }

  async challengeFor(): Promise<null> {
    return null
  }

  bound(host: string): void {
    this.#host = host
    this.#compareNames()
  }

  close(): void {
    this.#book.close()
  }

  #compareNames(): void {
    const name = this.#host
    if (name === '') return
    const names = this.#book.otherNames(name)
    const message =
      names === null
        ? ''
        : `the certificate in ${this.#options.files.cert} is not for ${name} (it is for ${names}): visitors will refuse ` +
          `it. Give one that has ${name} as a name, or leave --crt and --key out and have one issued`
    if (message === this.#told) return
    this.#told = message
    if (message !== '') this.#options.onNews({ state: 'mismatch', name, code: 'UR_CERT_OTHER_NAMES', message })
  }
}
