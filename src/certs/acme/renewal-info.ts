import forge from 'node-forge'
import { X509Certificate } from 'node:crypto'
import { IssueError } from '../issue-error.js'
import type { RenewalWindow } from '../issuer.js'
import { renewalInfoShape, type Directory } from './messages.js'
import { answerError } from './problems.js'
import { parseRetryAfter } from './time.js'
import type { Transport } from './transport.js'

/** Bounds of how long to wait until it is asked again, ms (RFC 9773 §4.3). */
const ASK_AGAIN = { least: 60_000, most: 86_400_000, usual: 21_600_000 }
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35'

/**
 * Identifies a certificate to the authority that issued it (RFC 9773 §4.1): of the leaf of a chain (PEM). null: it does
 * not say by which key it was issued, or is no certificate.
 */
export function certificateId(chain: string): string | null {
  try {
    const { raw } = new X509Certificate(chain)
    const { serial, authorityKey } = parts(raw)
    if (authorityKey === null) return null
    return `${authorityKey.toString('base64url')}.${serial.toString('base64url')}`
  } catch {
    return null
  }
}

/** When a certificate should be renewed. null: the authority does not know it. Throws IssueError. */
export async function readRenewalWindow(
  id: string,
  directory: Directory,
  transport: Transport,
  now: Date,
  signal: AbortSignal,
): Promise<RenewalWindow | null> {
  if (directory.renewalInfo === undefined) return null
  const context = { directory: transport.directory, tried: 'when to renew a certificate', host: null }
  const answer = await transport.request('GET', `${directory.renewalInfo.replace(/\/$/, '')}/${id}`, null, signal)
  if (answer.status === 404) return null
  if (answer.status !== 200) throw answerError(answer, context, now)
  const parsed = renewalInfoShape.safeParse(answer.data)
  const window = parsed.success ? parsed.data.suggestedWindow : null
  const [start, end] = [new Date(window?.start ?? ''), new Date(window?.end ?? '')]
  if (!(end > start)) {
    const cameBack = 'the window that came back makes no sense'
    throw new IssueError('UR_ACME_ANSWER', context.tried, cameBack, { directory: transport.directory })
  }
  const told = parseRetryAfter(answer.headers['retry-after'], now) ?? ASK_AGAIN.usual
  return { start, end, askAgainMs: Math.min(Math.max(told, ASK_AGAIN.least), ASK_AGAIN.most) }
}

/** The serial number, and the keyIdentifier of the extension authorityKeyIdentifier, as they stand in a certificate. */
function parts(der: Buffer): { serial: Buffer; authorityKey: Buffer | null } {
  const certificate = forge.asn1.fromDer(der.toString('latin1'))
  const fields = children(children(certificate)[0])
  // RFC 5280 §4.1: [0] version, serialNumber, …, [3] extensions.
  const serial = fields.find(({ type, tagClass }) => tagClass === UNIVERSAL && type === forge.asn1.Type.INTEGER)
  const extensions = fields.find(({ type, tagClass }) => tagClass === CONTEXT && Number(type) === 3)
  const extension = children(children(extensions)[0])
    .map(children)
    .find(([oid]) => oid !== undefined && forge.asn1.derToOid(bytes(oid)) === AUTHORITY_KEY_IDENTIFIER)
  const value = extension?.at(-1)
  const inner = value === undefined ? [] : children(forge.asn1.fromDer(bytes(value)))
  const key = inner.find(({ type, tagClass }) => tagClass === CONTEXT && Number(type) === 0)
  return {
    serial: Buffer.from(serial === undefined ? '' : bytes(serial), 'latin1'),
    authorityKey: key === undefined ? null : Buffer.from(bytes(key), 'latin1'),
  }
}

const { UNIVERSAL, CONTEXT_SPECIFIC: CONTEXT } = forge.asn1.Class

function children(item: forge.asn1.Asn1 | undefined): forge.asn1.Asn1[] {
  return Array.isArray(item?.value) ? item.value : []
}

function bytes(item: forge.asn1.Asn1): string {
  return typeof item.value === 'string' ? item.value : ''
}
