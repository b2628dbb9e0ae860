import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { keyFileWarning } from '../certs/key-file.js'
import { CertificateError } from '../core/errors.js'
import { fileReason } from '../core/file-reason.js'
import type { Secret } from '../core/secret.js'
import { reasonText } from './addresses.js'

/** Where the certificate is with which an agent logs in. */
export interface OwnCertificateOptions {
  /** PEM, the certificate first; or PKCS#12 with the key in it. */
  readonly certFile: string
  /** PEM. Default: it is in `certFile`. */
  readonly keyFile?: string
  /** Of the PKCS#12 file, or of an encrypted key. */
  readonly password?: Secret
  /** File with the password; read instead of `password`. */
  readonly passwordFile?: string
}

/** As Node's TLS takes it. */
export type OwnCertificate =
  | { readonly cert: Buffer; readonly key: Buffer; readonly passphrase?: string }
  | { readonly pfx: Buffer; readonly passphrase?: string }

const PEM = '-----BEGIN '

/** The certificate of an agent, read for each connection, so that one that was renewed needs no restart. */
export class OwnCertificateFile {
  readonly #options: OwnCertificateOptions
  #content: Buffer = Buffer.alloc(0)
  #read: OwnCertificate | null = null

  constructor(options: OwnCertificateOptions) {
    this.#options = options
  }

  /**
   * The same object while the files are the same. What cannot be used counts only until it could be once: files that are
   * just being exchanged are no reason to end. Throws CertificateError UR_AGENT_CERT_FILE, which names the file.
   */
  async read(): Promise<OwnCertificate> {
    try {
      return await this.#readNow()
    } catch (error) {
      if (this.#read === null) throw error
      return this.#read
    }
  }

  async #readNow(): Promise<OwnCertificate> {
    const { certFile, keyFile, password, passwordFile } = this.#options
    const cert = await readBytes(certFile)
    const key = keyFile === undefined ? cert : await readBytes(keyFile)
    const given = passwordFile === undefined ? password?.reveal() : firstLine(await readBytes(passwordFile))
    const content = Buffer.concat([cert, key, Buffer.from(given ?? '')])
    if (this.#read !== null && content.equals(this.#content)) return this.#read
    const passphrase = given === undefined ? {} : { passphrase: given }
    if (cert.includes(PEM)) {
      checkPair(this.#options, { cert, key }, given)
      this.#read = { cert, key, ...passphrase }
    } else {
      if (keyFile !== undefined) {
        throw problem(certFile, 'it is no PEM, and PKCS#12 has the key in it', 'leave --agent-key (agent_key) out')
      }
      checkPkcs12(certFile, cert, given)
      this.#read = { pfx: cert, ...passphrase }
    }
    this.#content = content
    return this.#read
  }
}

/** What is to be said of a file with a private key that others may read; null: nothing. */
export function keyWarning({ certFile, keyFile = certFile }: OwnCertificateOptions): Promise<string | null> {
  return keyFileWarning(keyFile)
}

function checkPair(
  { certFile, keyFile = certFile }: OwnCertificateOptions,
  { cert, key }: { cert: Buffer; key: Buffer },
  password: string | undefined,
): void {
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(cert)
  } catch (error) {
    throw problem(
      certFile,
      `it holds no certificate (${reasonText(error)})`,
      'give the file that `agent-cert create` wrote',
    )
  }
  if (!leaf.checkPrivateKey(parseKey(keyFile, key, password))) {
    throw problem(certFile, `the key in ${keyFile} does not belong to it`, 'give the key that was made with it')
  }
  if (new Date(leaf.validTo) < new Date()) {
    const todo = 'have the operator of the server make another (`uniroutd agent-cert add NAME`), or check the clock'
    throw problem(certFile, `it expired on ${new Date(leaf.validTo).toISOString()}`, todo)
  }
}

function parseKey(file: string, key: Buffer, password: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key, ...(password !== undefined && { passphrase: password }) })
  } catch (error) {
    if (/ENCRYPTED/.test(key.toString('latin1'))) throw wrongPassword(file, password)
    throw problem(file, `it holds no private key (${reasonText(error)})`, 'give the key with --agent-key (agent_key)')
  }
}

function checkPkcs12(file: string, pfx: Buffer, password: string | undefined): void {
  try {
    createSecureContext({ pfx, ...(password !== undefined && { passphrase: password }) })
  } catch (error) {
    const message = reasonText(error)
    if (/mac verify|password/i.test(message)) throw wrongPassword(file, password)
    throw problem(file, `it is neither PEM nor PKCS#12 that OpenSSL 3 reads (${message})`, 'give one of both')
  }
}

function wrongPassword(file: string, password: string | undefined): CertificateError {
  const what = password === undefined ? 'it needs a password' : 'its password is another one'
  const todo =
    'set UNIROUTE_AGENT_CERT_PASSWORD, or name a file with it with --agent-cert-password-file (agent_cert_password_file)'
  return problem(file, what, todo)
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw problem(file, `it could not be read: ${fileReason(error)}`, 'correct the path, or let this user read it')
  }
}

function firstLine(text: Buffer): string {
  return text.toString().split(/\r?\n/, 1)[0] ?? ''
}

function problem(file: string, happened: string, todo: string): CertificateError {
  return new CertificateError(
    'UR_AGENT_CERT_FILE',
    `the agent's certificate cannot be used: ${file}: ${happened}. What to do: ${todo}`,
  )
}
