import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Code } from '../core/error-codes.js'
import { CertificateError } from '../core/errors.js'
import { fileReason } from '../core/file-reason.js'

/** Certificates of authorities that vouch for clients: DER, each once, in an order that says nothing. Empty: none. */
export type ClientAuthorities = readonly Buffer[]

/** Bounds of what rides in one message to the server. */
export const CLIENT_AUTHORITY_BOUNDS = { certificates: 32, bytes: 16 * 1024 } as const

/** Bundles of whole operating systems are smaller. */
const MAX_FILE_BYTES = 1024 * 1024
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/**
 * Reads the authorities of PEM files; each file may hold several, of which those that have expired are left out.
 * Throws CertificateError, whose message names the file: UR_CLIENT_CA_UNREADABLE; UR_CLIENT_CA_INVALID (no PEM, or a
 * certificate that is no authority's); UR_CLIENT_CA_EXPIRED (all of a file); UR_CLIENT_CA_TOO_BIG.
 */
export function readClientAuthorities(files: readonly string[], now: Date = new Date()): ClientAuthorities {
  const found = ordered(files.flatMap((file) => authoritiesIn(file, now)))
  if (found.length > CLIENT_AUTHORITY_BOUNDS.certificates || bytesOf(found) > CLIENT_AUTHORITY_BOUNDS.bytes) {
    const has = `${found.length} certificates of ${bytesOf(found)} bytes`
    const { certificates, bytes } = CLIENT_AUTHORITY_BOUNDS
    const todo = `name only the authorities that sign your clients: at most ${certificates} and ${bytes} bytes`
    throw problem('UR_CLIENT_CA_TOO_BIG', files.join(', '), `it holds ${has}`, todo)
  }
  return found
}

/** The same set in the one order in which it is compared. */
export function ordered(certificates: readonly Buffer[]): ClientAuthorities {
  const unique = new Map(certificates.map((der) => [der.toString('latin1'), der]))
  return [...unique.values()].sort((a, b) => a.compare(b))
}

/** What tells one set from every other one: 64 hexadecimal digits. */
export function authoritiesId(authorities: ClientAuthorities): string {
  let id = ids.get(authorities)
  if (id === undefined) {
    const hash = createHash('sha256')
    for (const der of authorities) hash.update(`${der.length}:`).update(der)
    ids.set(authorities, (id = hash.digest('hex')))
  }
  return id
}

const ids = new WeakMap<ClientAuthorities, string>()

/** As Node's TLS takes them. */
export function authoritiesPem(authorities: ClientAuthorities): string[] {
  return authorities.map((der) => new X509Certificate(der).toString())
}

function authoritiesIn(file: string, now: Date): Buffer[] {
  const blocks = readText(file).match(CERTIFICATE) ?? []
  if (blocks.length === 0) {
    const todo = 'give a file that has -----BEGIN CERTIFICATE----- in it'
    throw problem('UR_CLIENT_CA_INVALID', file, 'it holds no certificate in PEM form', todo)
  }
  const all = blocks.map((block, i) => parse(block, `certificate ${i + 1} of ${blocks.length}`, file))
  const current = all.filter(({ validTo }) => new Date(validTo) > now)
  if (current.length > 0) return current.map(({ raw }) => raw)
  const ends = all.map(({ validTo }) => new Date(validTo).toISOString()).join(' and ')
  throw problem('UR_CLIENT_CA_EXPIRED', file, `it expired on ${ends}`, 'give the authority that signs now')
}

function readText(file: string): string {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) {
      throw problem(
        'UR_CLIENT_CA_TOO_BIG',
        file,
        'it is longer than 1 MiB',
        'give only the certificates of authorities',
      )
    }
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof CertificateError) throw error
    const { code } = error as NodeJS.ErrnoException
    const todo = code === 'EACCES' ? 'let the user that runs the agent read it' : 'correct the path'
    throw problem('UR_CLIENT_CA_UNREADABLE', file, `it could not be read (${fileReason(error)})`, todo, error)
  }
}

function parse(block: string, which: string, file: string): X509Certificate {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(block)
  } catch (error) {
    const happened = `${which} could not be parsed (${(error as Error).message})`
    throw problem('UR_CLIENT_CA_INVALID', file, happened, 'get the file anew; it may have been cut off', error)
  }
  if (certificate.ca) return certificate
  const name = certificate.subject.replaceAll('\n', ', ')
  const todo = 'give the certificate of the authority that signed it (basicConstraints CA:TRUE), and no other'
  throw problem('UR_CLIENT_CA_INVALID', file, `${which} (${name}) is not that of an authority`, todo)
}

function bytesOf(certificates: readonly Buffer[]): number {
  return certificates.reduce((sum, { length }) => sum + length, 0)
}

function problem(code: Code, file: string, happened: string, todo: string, cause?: unknown): CertificateError {
  return new CertificateError(code, `${file} cannot be used: ${happened}. What to do: ${todo}.`, { cause })
}
