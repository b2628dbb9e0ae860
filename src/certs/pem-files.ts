import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Code } from '../core/error-codes.js'
import { CertificateError } from '../core/errors.js'
import { fileReason } from '../core/file-reason.js'
import { normalisePattern } from '../routing/index.js'
import { tlsOptions } from './tls-options.js'

/** Paths of PEM files: a certificate with its chain, and its key. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** A certificate that is ready to be served. */
export interface Certificate {
  /** Host names (lower case, perhaps `*.` first) and IP addresses of its subjectAltName. */
  readonly names: readonly string[]
  readonly notAfter: Date
  /** PEM, leaf first. */
  readonly cert: string
  readonly key: string
  readonly context: SecureContext
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m

/** Reads and checks a pair of files. Throws CertificateError UR_CERT_…, which names the file. */
export async function readCertificate(files: CertificateFiles, now: Date): Promise<Certificate> {
  const [cert, key] = await Promise.all([readText(files.cert), readText(files.key)])
  return parseCertificate({ cert, key }, files, now)
}

/**
 * Checks a chain and its key, PEM, and makes them ready for TLS 1.2 and later. `from` says in messages where they came
 * from. Throws CertificateError.
 */
export function parseCertificate(pem: CertificateFiles, from: CertificateFiles, now: Date): Certificate {
  const chain = parseChain(pem.cert, from.cert)
  const leaf = chain[0]
  if (!leaf) throw problem('UR_CERT_INVALID', from.cert, ...missing(pem.cert))
  const key = parseKey(pem.key, from.key)
  checkKey(chain, leaf, key, from)
  checkOrder(chain, from.cert)
  const notAfter = checkDates(leaf, from.cert, now)
  const names = namesOf(leaf)
  if (names.length === 0) {
    throw problem('UR_CERT_NO_NAMES', from.cert, 'it names no host', 'use a certificate with a subjectAltName')
  }
  const cert = chain.map((certificate) => certificate.toString()).join('')
  return { names, notAfter, cert, key: pem.key, context: contextOf(cert, pem.key, from.cert) }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const todo = code === 'EACCES' ? 'let the user that runs the server read it' : 'check the path in certs.files'
    throw problem('UR_CERT_UNREADABLE', file, `it could not be read (${fileReason(error)})`, todo, error)
  }
}

function parseChain(text: string, file: string): X509Certificate[] {
  return (text.match(CERTIFICATE) ?? []).map((block) => {
    try {
      return new X509Certificate(block)
    } catch (error) {
      const happened = `a certificate in it could not be parsed (${(error as Error).message})`
      throw problem('UR_CERT_INVALID', file, happened, 'get the file anew; it may have been cut off', error)
    }
  })
}

function missing(text: string): [string, string] {
  if (PRIVATE_KEY.test(text)) return ['it holds a private key and no certificate', 'swap the paths of cert and key']
  return ['it holds no certificate in PEM form', 'give a file that begins with -----BEGIN CERTIFICATE-----']
}

function parseKey(text: string, file: string): KeyObject {
  if (ENCRYPTED.test(text)) {
    const todo = `decrypt it with \`openssl pkey -in ${file} -out PLAIN\` and keep the mode of PLAIN at 0600`
    throw problem('UR_CERT_KEY_ENCRYPTED', file, 'the key is protected by a passphrase', todo)
  }
  try {
    return createPrivateKey(text)
  } catch (error) {
    const todo = CERTIFICATE.test(text)
      ? 'swap the paths of cert and key'
      : 'give an unencrypted private key in PEM form'
    throw problem('UR_CERT_KEY_INVALID', file, 'it holds no private key that can be parsed', todo, error)
  }
}

function checkKey(chain: X509Certificate[], leaf: X509Certificate, key: KeyObject, from: CertificateFiles): void {
  if (leaf.checkPrivateKey(key)) return
  if (chain.some((certificate) => certificate.checkPrivateKey(key))) throw wrongOrder(from.cert)
  const todo = 'give the key that the certificate was issued for'
  throw problem('UR_CERT_MISMATCH', from.cert, `the key in ${from.key} does not belong to it`, todo)
}

function checkOrder(chain: X509Certificate[], file: string): void {
  chain.forEach((certificate, i) => {
    const issuer = chain[i + 1]
    if (issuer && !certificate.checkIssued(issuer)) throw wrongOrder(file)
  })
}

function checkDates(leaf: X509Certificate, file: string, now: Date): Date {
  const [from, to] = [new Date(leaf.validFrom), new Date(leaf.validTo)]
  if (to < now) {
    const todo = 'renew it; a running server picks the new file up by itself'
    throw problem('UR_CERT_EXPIRED', file, `it expired on ${to.toISOString()}`, todo)
  }
  if (from > now) {
    throw problem(
      'UR_CERT_NOT_YET_VALID',
      file,
      `it is valid from ${from.toISOString()} on`,
      'check the clock of this machine',
    )
  }
  return to
}

/** Host names and IP addresses of a certificate, as in `Certificate.names`. */
export function namesOf(leaf: X509Certificate): string[] {
  const entries = (leaf.subjectAltName ?? '').split(', ')
  return entries.flatMap((entry) => {
    if (entry.startsWith('IP Address:')) return [entry.slice('IP Address:'.length).toLowerCase()]
    const name = entry.startsWith('DNS:') ? normalisePattern(entry.slice('DNS:'.length)) : null
    return name === null ? [] : [name]
  })
}

function contextOf(cert: string, key: string, file: string): SecureContext {
  try {
    return createSecureContext({ ...tlsOptions('TLSv1.2'), cert, key })
  } catch (error) {
    const happened = `OpenSSL refuses it (${(error as Error).message})`
    throw problem('UR_CERT_INVALID', file, happened, 'use an ECDSA P-256 key, or RSA of 2048 bits or more', error)
  }
}

function wrongOrder(file: string): CertificateError {
  const todo = 'put the leaf first and then each issuer; certbot calls that file fullchain.pem'
  return problem('UR_CERT_CHAIN_ORDER', file, 'its certificates are not in order', todo)
}

function problem(code: Code, file: string, happened: string, todo: string, cause?: unknown): CertificateError {
  return new CertificateError(code, `${file} cannot be used: ${happened}. What to do: ${todo}.`, { cause })
}
