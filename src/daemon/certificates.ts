import path from 'node:path'
import { type CertificateBook, DevBook, FileBook } from '../certs/index.js'
import type { ServerConfig } from '../config/index.js'
import type { Logger } from '../core/logger.js'

/** The server's certificates, wherever they come from. */
export interface Certificates {
  readonly book: CertificateBook
  /** Follows a new configuration of the same mode. Throws CertificateError; then everything stays as it was. */
  reload(config: ServerConfig): Promise<void>
}

/** Opens the certificates of a configuration; whoever does closes the book. Throws CertificateError. */
export async function openCertificates(config: ServerConfig, log: Logger): Promise<Certificates> {
  if (config.certs.mode === 'files') {
    const book = await FileBook.open({ files: config.certs.files, log })
    return { book, reload: (now) => book.reload(now.certs.files) }
  }
  const book = await DevBook.open({ dir: path.join(config.data_dir, 'dev-ca'), domain: config.domain, log })
  return { book, reload: async () => undefined }
}

/** What is wrong with the names of the certificates that are served; null: nothing is. */
export function namesProblem(book: CertificateBook, domain: string): string | null {
  if (book.covers(domain)) return null
  const names = book.describe().flatMap(({ names }) => names)
  return `none is for the domain ${domain} (they are for ${names.join(', ')}): agents will refuse it. Give one that has ${domain} and *.${domain} as its names`
}
