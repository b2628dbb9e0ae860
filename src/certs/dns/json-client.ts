import { setTimeout as pause } from 'node:timers/promises'
import { Backoff } from '../../core/backoff.js'
import { CertificateError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'

export interface JsonClientOptions {
  /** Who is asked, for messages. */
  readonly who: string
  /** Where paths begin, without the last slash. */
  readonly baseUrl: string
  /** Sent with each request; they are in no message. */
  readonly headers: Readonly<Record<string, string>>
  /** For one answer, ms. */
  readonly timeoutMs: number
  /** Requests before giving up; those that were not answered, or with 429 or 5xx, are repeated. */
  readonly tries: number
}

export interface JsonAnswer {
  readonly status: number
  /** undefined: it was no JSON. */
  readonly body: unknown
}

/** No answer of a provider is longer. */
const MOST_BYTES = 4 * 1024 * 1024
/** A longer wait that is asked for (`Retry-After`) is left to whoever tries again later. */
const LONGEST_WAIT_MS = 60_000

/** Requests to a provider with JSON in both directions, in bounded time and size. Never follows a redirection. */
export class JsonClient {
  readonly #options: JsonClientOptions

  /** Throws CertificateError UR_DNS_OPTION for an address that is none, or a header that cannot be sent. */
  constructor(options: JsonClientOptions) {
    if (!/^https?:$/.test(URL.canParse(options.baseUrl) ? new URL(options.baseUrl).protocol : '')) {
      throw new CertificateError('UR_DNS_OPTION', `the address of ${options.who} has to begin with https://`)
    }
    for (const [name, value] of Object.entries(options.headers)) {
      if (/^[\x20-\x7e]+$/.test(value)) continue
      const message = `the credentials for ${options.who} (${name}) are empty, or have characters that cannot be sent`
      throw new CertificateError('UR_DNS_OPTION', message)
    }
    this.#options = options
  }

  /**
   * Resolves with the answer, whatever its status below 500 but 429. Throws CertificateError UR_DNS_UNREACHABLE,
   * UR_DNS_FAILED (5xx), UR_DNS_RATE or UR_DNS_ANSWER, and what `signal` was aborted with.
   */
  async request(method: string, path: string, body: unknown, signal: AbortSignal): Promise<JsonAnswer> {
    const backoff = new Backoff({ baseMs: 500, maxMs: 10_000 })
    for (let round = 1; ; round++) {
      const outcome = await this.#once(method, path, body, signal)
      if ('answer' in outcome) return outcome.answer
      const waitMs = outcome.retryAfterMs ?? backoff.next()
      if (round >= this.#options.tries || waitMs > LONGEST_WAIT_MS) throw outcome.error
      await pause(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }

  async #once(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<{ answer: JsonAnswer } | { error: CertificateError; retryAfterMs: number | null }> {
    const { who, baseUrl, headers, timeoutMs } = this.#options
    signal.throwIfAborted()
    const time = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        redirect: 'manual',
        signal: AbortSignal.any([signal, time]),
        headers: { accept: 'application/json', ...(body === undefined ? {} : JSON_BODY), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const answer = { status: response.status, body: parse(await readBounded(response, who)) }
      if (answer.status === 429) {
        const retryAfterMs = retryAfter(response)
        const when = retryAfterMs === null ? '' : `; it can be tried again in ${Math.ceil(retryAfterMs / 1000)} s`
        return { error: new CertificateError('UR_DNS_RATE', `${who} got too many requests (429)${when}`), retryAfterMs }
      }
      if (answer.status < 500) return { answer }
      const message = `${who} failed with HTTP status ${answer.status}${bodyText(answer.body)}`
      return { error: new CertificateError('UR_DNS_FAILED', message), retryAfterMs: retryAfter(response) }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof CertificateError) throw error
      const why = time.aborted ? `did not answer within ${timeoutMs} ms` : `could not be reached (${reasonOf(error)})`
      const message = `${who} ${why} at ${new URL(baseUrl).host}`
      return { error: new CertificateError('UR_DNS_UNREACHABLE', message, { cause: error }), retryAfterMs: null }
    }
  }
}

const JSON_BODY = { 'content-type': 'application/json' }

async function readBounded(response: Response, who: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MOST_BYTES) {
      throw new CertificateError('UR_DNS_ANSWER', `${who} answered with more than ${MOST_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** RFC 9110 §10.2.3: seconds or a date. */
function retryAfter(response: Response): number | null {
  const value = response.headers.get('retry-after')
  if (value === null) return null
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: NodeJS.ErrnoException }
  return cause?.code ?? cause?.message ?? (error as Error).message
}

/** What came, for a message: short and safe to print. */
export function bodyText(body: unknown): string {
  if (body === undefined || body === null) return ''
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return `: ${printable(text.slice(0, 300))}`
}
