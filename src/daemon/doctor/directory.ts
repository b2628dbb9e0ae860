import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { type DoctorFinding, well, wrong } from './finding.js'

/** What the directory of an authority says of itself, and what time it has there. */
export interface DirectoryAnswer {
  /** `meta.caaIdentities` (RFC 8555 §7.1.1). */
  readonly caaIdentities: readonly string[]
  readonly needsExternalAccount: boolean
  /** How far our clock is ahead of that of the authority, ms; null: it does not tell the time. */
  readonly aheadMs: number | null
}

const MOST_BYTES = 256 * 1024
/** Clocks may be apart by so much. */
const MOST_APART_MS = 60_000

/** Reads a directory (RFC 8555 §7.1.1). `ca`: PEM of the authority of its own certificate. Rejects when there is none. */
export async function readDirectory(url: string, ca: string | undefined, timeoutMs: number): Promise<DirectoryAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  const options = { signal, ...(ca === undefined ? {} : { ca }), headers: { accept: 'application/json' } }
  const asking = request(url, options)
  const answered = once(asking, 'response')
  // What comes after the answer has begun, the answer tells as well.
  asking.on('error', () => {})
  asking.end()
  const [response] = (await answered) as [IncomingMessage]
  const came = Date.now()
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_BYTES) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  if (response.statusCode !== 200) throw new Error(`it answered with HTTP status ${response.statusCode}`)
  return answerOf(JSON.parse(Buffer.concat(chunks).toString()), response.headers.date, came)
}

function answerOf(body: unknown, date: string | undefined, came: number): DirectoryAnswer {
  const { newOrder, meta } = (body ?? {}) as { newOrder?: unknown; meta?: { caaIdentities?: unknown } }
  if (typeof newOrder !== 'string') throw new Error('what it answered is no ACME directory')
  const identities = Array.isArray(meta?.caaIdentities) ? meta.caaIdentities : []
  const theirs = Date.parse(date ?? '')
  return {
    caaIdentities: identities.filter((each) => typeof each === 'string').map((each) => each.toLowerCase()),
    needsExternalAccount: (meta as { externalAccountRequired?: unknown } | undefined)?.externalAccountRequired === true,
    // The date has whole seconds: on average half of one is missing.
    aheadMs: Number.isNaN(theirs) ? null : came - theirs - 500,
  }
}

/** Whether the clock of this machine is right, by the time that an authority has. */
export function clockFinding(aheadMs: number | null): DoctorFinding {
  const what = 'clock of this machine'
  if (aheadMs === null || Math.abs(aheadMs) <= MOST_APART_MS) return well(what)
  const apart = `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of the authority`
  return wrong(what, `it is ${apart}`, 'set it by NTP: `timedatectl set-ntp true`, or chrony')
}

/** The directory, and whether the clock is right; `answer` null when it could not be read. */
export async function directoryFindings(
  url: string,
  ca: string | undefined,
  hasExternalAccount: boolean,
  timeoutMs: number,
): Promise<{ readonly answer: DirectoryAnswer | null; readonly findings: DoctorFinding[] }> {
  const what = `ACME directory ${url}`
  try {
    const answer = await readDirectory(url, ca, timeoutMs)
    const account =
      answer.needsExternalAccount && !hasExternalAccount
        ? [
            wrong(
              what,
              'it takes only accounts that are bound to one at the authority',
              'get a key id and HMAC key there',
            ),
          ]
        : [well(what)]
    return { answer, findings: [...account, clockFinding(answer.aheadMs)] }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const advice = 'check the address, that this machine may connect to it, and the CA file of a private authority'
    return { answer: null, findings: [wrong(what, `it could not be read (${code ?? message})`, advice)] }
  }
}
