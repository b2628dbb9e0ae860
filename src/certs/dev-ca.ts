import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, X509Certificate } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CertificateError } from '../core/errors.js'
import { signedCertificate } from './x509.js'

const DAY_MS = 86_400_000
const CA_DAYS = 3650
const CA_RENEWAL_DAYS = 90
/** Clocks of virtual machines and phones are often behind. */
const BACKDATED_MS = DAY_MS
const LOOPBACK_RANGES = ['127.0.0.0/8', '::1/128']
const CA_NAME = 'UniRoute development CA'

/** A certificate chain and its key, PEM. */
export interface PemPair {
  readonly cert: string
  readonly key: string
}

/**
 * A certificate authority for one machine and one domain. By its name constraints it can vouch for nothing but the
 * domain, localhost and loopback addresses, so that trusting it is no risk for any other site.
 */
export class DevCa {
  /** The CA's certificate: what agents and browsers are to trust. */
  readonly caFile: string
  readonly #domain: string
  readonly #ca: X509Certificate
  readonly #key: KeyObject

  private constructor(caFile: string, domain: string, ca: X509Certificate, key: KeyObject) {
    this.caFile = caFile
    this.#domain = domain
    this.#ca = ca
    this.#key = key
  }

  /**
   * Loads the CA in `dir` (made when missing, 0700, files 0600). One for another domain, or near its end, is replaced;
   * of several processes that start at once one makes it. Throws CertificateError UR_CERT_DEV_CA.
   */
  static async open(dir: string, domain: string, now: Date = new Date()): Promise<DevCa> {
    const bundle = join(dir, 'ca-with-key.pem')
    const caFile = join(dir, 'ca.pem')
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const text = (await usableBundle(bundle, domain, now)) ?? (await makeBundle(bundle, domain, now))
      const ca = new X509Certificate(text)
      await replaceFile(caFile, ca.toString())
      return new DevCa(caFile, domain, ca, createPrivateKey(text))
    } catch (error) {
      throw new CertificateError(
        'UR_CERT_DEV_CA',
        `The development CA in ${dir} could not be loaded or made: ${(error as Error).message}. ` +
          'What to do: check the permissions of that folder, or delete it; a new CA is made, which has to be trusted again.',
        { cause: error },
      )
    }
  }

  /** The end of the CA's own certificate. */
  get notAfter(): Date {
    return new Date(this.#ca.validTo)
  }

  /** A new key and a certificate for these names; without any for the domain, `*.` domain, localhost, 127.0.0.1 and ::1. */
  issue(notAfter: Date, now: Date = new Date(), only: readonly string[] = []): PemPair {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const own = [this.#domain, `*.${this.#domain}`, 'localhost', '127.0.0.1', '::1']
    const names = new Set(only.length > 0 ? only : own)
    const leaf = signedCertificate(
      {
        commonName: 'UniRoute development server',
        issuerName: CA_NAME,
        notBefore: new Date(now.getTime() - BACKDATED_MS),
        notAfter: new Date(Math.min(notAfter.getTime(), this.notAfter.getTime())),
        publicKey,
        issuerKey: this.#ca.publicKey,
        role: { names: [...names] },
      },
      this.#key,
    )
    return { cert: leaf + this.#ca.toString(), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }
}

/** The text of a CA that serves the domain for long enough (its first line names it); another one is removed. */
async function usableBundle(file: string, domain: string, now: Date): Promise<string | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const ca = new X509Certificate(text)
  const isFresh = new Date(ca.validTo).getTime() - now.getTime() > CA_RENEWAL_DAYS * DAY_MS
  const isWhole = ca.ca && ca.checkPrivateKey(createPrivateKey(text))
  if (!isWhole) throw new Error(`${file} does not hold a CA and its key`)
  if (isFresh && text.startsWith(headerFor(domain))) return text
  await rm(file, { force: true })
  return null
}

/** Makes a CA; when another process was faster, its CA is returned. */
async function makeBundle(file: string, domain: string, now: Date): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const cert = signedCertificate(
    {
      commonName: CA_NAME,
      issuerName: CA_NAME,
      notBefore: new Date(now.getTime() - BACKDATED_MS),
      notAfter: new Date(now.getTime() + CA_DAYS * DAY_MS),
      publicKey,
      issuerKey: publicKey,
      role: { permitted: { hosts: [...new Set([domain, 'localhost'])], ranges: LOOPBACK_RANGES } },
    },
    privateKey,
  )
  const text = headerFor(domain) + cert + privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, text, { mode: 0o600 })
  try {
    await link(draft, file)
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return await readFile(file, 'utf8')
  } finally {
    await rm(draft, { force: true })
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, file)
}

function headerFor(domain: string): string {
  return `UniRoute development CA for ${domain} and localhost\n`
}
