import path from 'node:path'
import { type CertificateBook, DevBook, FileBook } from '../certs/index.js'
import type { ServerConfig } from '../config/index.js'
import type { Logger } from '../core/logger.js'
import { AcmeCertificates, type AcmeOptions } from './acme/acme-certificates.js'

/** The server's certificates, wherever they come from. */
export interface Certificates {
  readonly book: CertificateBook
  /** null: they do not come from authorities. */
  readonly acme: AcmeCertificates | null
  /** Follows a new configuration of the same mode. Throws CertificateError; then everything stays as it was. */
  reload(config: ServerConfig): Promise<void>
  close(): Promise<void>
}

/** Opens the certificates of a configuration; whoever does closes them. Throws CertificateError, StoreError. */
export async function openCertificates(options: AcmeOptions): Promise<Certificates> {
  const { config, log } = options
  switch (config.certs.mode) {
    case 'files': {
      const book = await openFiles(config, log)
      return { book, acme: null, reload: (now) => book.reload(now.certs.files), close: async () => book.close() }
    }
    case 'dev': {
      const book = await DevBook.open({ dir: path.join(config.data_dir, 'dev-ca'), domain: config.domain, log })
      return { book, acme: null, reload: async () => undefined, close: async () => book.close() }
    }
    case 'acme': {
      const acme = await AcmeCertificates.open(options)
      return { book: acme.book, acme, reload: async () => undefined, close: () => acme.close() }
    }
  }
}

/** The certificate files of a configuration; whoever opens the book closes it. Throws CertificateError. */
export function openFiles(config: ServerConfig, log: Logger): Promise<FileBook> {
  return FileBook.open({ files: config.certs.files, log })
}

/** What is wrong with the names of the certificates that are served; null: nothing is. */
export function namesProblem(book: CertificateBook, domain: string): string | null {
  const names = book.otherNames(domain)
  if (names === null) return null
  return `none is for the domain ${domain} (they are for ${names}): agents will refuse it. Give one that has ${domain} and *.${domain} as its names`
}
