import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import tls, { type SecureContext } from 'node:tls'
import { CertificateError } from '../core/errors.js'
import { fileReason } from '../core/file-reason.js'
import { reasonText } from './addresses.js'
import { type OwnCertificate, OwnCertificateFile, type OwnCertificateOptions } from './own-certificate.js'

/**
 * What certificates of servers are verified against: Node's authorities (those of NODE_EXTRA_CA_CERTS too) and those of
 * one more file; and the certificate that the agent itself shows. The files are read at every call of `context`, so that
 * what is renewed needs no restart.
 */
export class Trust {
  readonly #caFile: string | undefined
  readonly #extraFile: string | undefined
  readonly #certificate: OwnCertificateFile | null
  #pem = ''
  #own: OwnCertificate | null = null
  #context: SecureContext | null = null

  constructor(
    caFile: string | undefined,
    env: Readonly<Record<string, string | undefined>>,
    certificate?: OwnCertificateOptions,
  ) {
    this.#caFile = caFile
    this.#extraFile = env['NODE_EXTRA_CA_CERTS'] || undefined
    this.#certificate = certificate === undefined ? null : new OwnCertificateFile(certificate)
  }

  /** For `tls.connect`; undefined: Node's default. Throws CertificateError UR_CA_FILE, UR_AGENT_CERT_FILE. */
  async context(): Promise<SecureContext | undefined> {
    if (this.#caFile === undefined && this.#certificate === null) return undefined
    const pem = this.#caFile === undefined ? '' : await readAuthorities(this.#caFile)
    const own = (await this.#certificate?.read()) ?? null
    if (this.#context !== null && pem === this.#pem && own === this.#own) return this.#context
    this.#context = tls.createSecureContext({ ...own, ...(pem !== '' && { ca: await this.#allWith(pem) }) })
    this.#pem = pem
    this.#own = own
    return this.#context
  }

  async #allWith(pem: string): Promise<string[]> {
    // Node itself passes over a file of NODE_EXTRA_CA_CERTS that it cannot read, with a warning of its own.
    const extra = this.#extraFile === undefined ? '' : await readFile(this.#extraFile, 'utf8').catch(() => '')
    return [...tls.rootCertificates, extra, pem].filter((text) => text !== '')
  }
}

/** The text of a PEM file with at least one certificate. Throws CertificateError(UR_CA_FILE). */
export async function readAuthorities(file: string): Promise<string> {
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (error) {
    throw new CertificateError('UR_CA_FILE', `the CA file ${file} could not be read: ${fileReason(error)}`)
  }
  try {
    new X509Certificate(pem)
  } catch (error) {
    throw new CertificateError('UR_CA_FILE', `the CA file ${file} holds no certificate: ${reasonText(error)}`)
  }
  return pem
}
