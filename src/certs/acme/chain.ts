import { X509Certificate } from 'node:crypto'
import { CertificateError } from '../../core/errors.js'
import { parseCertificate } from '../pem-files.js'
import type { Asked, Caller } from './caller.js'
import type { Answer } from './transport.js'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
/** Other chains that are looked at. */
const MAX_ALTERNATES = 8
/** A certificate that is made this moment may be seen by a clock that is behind, ms. */
const CLOCK_SKEW_MS = 300_000

/**
 * The chain whose last certificate was issued by `preferred` (common name), of the one that came and its alternates
 * (RFC 8555 §7.4.2); null, or none such: the one that came.
 */
export async function preferredChain(
  answer: Answer,
  preferred: string | null,
  caller: Caller,
  asked: Asked,
): Promise<{ readonly chain: string; readonly found: boolean }> {
  const first = textOf(answer)
  if (preferred === null || topIssuer(first) === preferred) return { chain: first, found: true }
  for (const url of alternates(answer.headers['link'])) {
    const chain = textOf(await caller.post(url, null, asked))
    if (topIssuer(chain) === preferred) return { chain, found: true }
  }
  return { chain: first, found: false }
}

/**
 * A chain that was issued for `key` and `names`, and is valid now; normalised. Throws IssueError UR_ACME_CERTIFICATE
 * with what is wrong.
 */
export function checkedChain(
  chain: string,
  expected: { readonly key: string; readonly names: readonly string[]; readonly now: Date },
  caller: Caller,
  asked: Asked,
): string {
  const { key, names, now } = expected
  const from = { cert: 'the certificate that came', key: 'the key that was made for it' }
  try {
    const certificate = parseCertificate({ cert: chain, key }, from, fitted(chain, now))
    const missing = names.filter((name) => !certificate.names.includes(name))
    if (missing.length > 0) {
      throw new CertificateError('UR_CERT_MISMATCH', `${from.cert} is not for ${missing.join(', ')}`)
    }
    return certificate.cert
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    throw caller.failure('UR_ACME_CERTIFICATE', asked, error.message.replace(/\.$/, ''), error)
  }
}

/** The time at which it is judged: our own, or its first moment when our clock may just be behind. */
function fitted(chain: string, now: Date): Date {
  const [leaf] = parse(chain)
  const from = leaf === undefined ? now : new Date(leaf.validFrom)
  const isSoon = from > now && from.getTime() - now.getTime() <= CLOCK_SKEW_MS
  return isSoon ? from : now
}

function topIssuer(chain: string): string | null {
  const issuer = parse(chain).at(-1)?.issuer ?? ''
  return /^CN=(.*)$/m.exec(issuer)?.[1] ?? null
}

function parse(chain: string): X509Certificate[] {
  try {
    return (chain.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem))
  } catch {
    return []
  }
}

function textOf({ data }: Answer): string {
  return typeof data === 'string' ? data : ''
}

/** URLs of `<URL>;rel="alternate"` (RFC 8288). */
function alternates(link: string | string[] | undefined): string[] {
  const all = [link ?? []].flat().join(', ')
  const found = [...all.matchAll(/<([^>]*)>([^<]*)/g)]
  return found
    .flatMap(([, url = '', rest = '']) => (/;\s*rel="?alternate"?/i.test(rest) ? [url] : []))
    .slice(0, MAX_ALTERNATES)
}
