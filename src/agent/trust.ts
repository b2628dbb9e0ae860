import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import tls, { type SecureContext } from 'node:tls'
import { CertificateError } from '../core/errors.js'
import { reasonText } from './addresses.js'

/**
 * What certificates of servers are verified against: Node's authorities (those of NODE_EXTRA_CA_CERTS too) and those of
 * one more file. The file is read at every call of `context`, so that a renewed authority needs no restart.
 */
export class Trust {
  readonly #caFile: string | undefined
  readonly #extraFile: string | undefined
  #pem = ''
  #context: SecureContext | null = null

  constructor(caFile: string | undefined, env: Readonly<Record<string, string | undefined>>) {
    this.#caFile = caFile
    this.#extraFile = env['NODE_EXTRA_CA_CERTS'] || undefined
  }

  /** For `tls.connect`; undefined: Node's default. Throws CertificateError(UR_CA_FILE). */
  async context(): Promise<SecureContext | undefined> {
    if (this.#caFile === undefined) return undefined
    const pem = await readAuthorities(this.#caFile)
    if (this.#context !== null && pem === this.#pem) return this.#context
    // Node itself passes over a file of NODE_EXTRA_CA_CERTS that it cannot read, with a warning of its own.
    const extra = this.#extraFile === undefined ? '' : await readFile(this.#extraFile, 'utf8').catch(() => '')
    this.#context = tls.createSecureContext({ ca: [...tls.rootCertificates, extra, pem].filter((text) => text !== '') })
    this.#pem = pem
    return this.#context
  }
}

/** The text of a PEM file with at least one certificate. Throws CertificateError(UR_CA_FILE). */
export async function readAuthorities(file: string): Promise<string> {
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (error) {
    throw new CertificateError('UR_CA_FILE', `the CA file ${file} could not be read: ${reasonText(error)}`)
  }
  try {
    new X509Certificate(pem)
  } catch (error) {
    throw new CertificateError('UR_CA_FILE', `the CA file ${file} holds no certificate: ${reasonText(error)}`)
  }
  return pem
}
