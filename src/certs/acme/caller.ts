import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { IssueError, type AcmeCode } from '../issue-error.js'
import { acmeClient } from './acme-client.js'
import { directoryShape, type Directory } from './messages.js'
import { answerError, type ProblemContext } from './problems.js'
import { parseRetryAfter, pause } from './time.js'
import type { Answer, Transport } from './transport.js'

/** How often a request is signed anew when its nonce is refused: one that refuses every second one gets there. */
const MAX_BAD_NONCES = 30
/** The longest wait between two looks at something that the authority is busy with, ms. */
const MAX_POLL_MS = 5_000
/** Looks in a row that may fail because of the network, or because the authority has trouble. */
const MAX_FAILED_POLLS = 3
/** The longest wait that is waited out before such a look is repeated, ms. */
const MAX_PATIENCE_MS = 30_000
const TRANSIENT: readonly AcmeCode[] = [
  'UR_ACME_UNREACHABLE',
  'UR_ACME_TIMEOUT',
  'UR_ACME_SERVER',
  'UR_ACME_RATE_LIMITED',
]

/** The part of acme-client that is used, and that its types leave out: it signs, counts nonces and binds accounts. */
interface Signer {
  maxBadNonceRetries: number
  request: (url: string, method: string, opts?: { data?: unknown }) => Promise<Answer>
  getNonce: () => Promise<string>
  getDirectory: () => Promise<Directory>
  getJwk(): object
  signedRequest(
    url: string,
    payload: object | null,
    options: { kid: string | null; nonce: string | null; includeExternalAccountBinding: boolean },
  ): Promise<Answer>
}

/** How requests are made, for all of one authority. */
export interface CallerOptions {
  readonly transport: Transport
  /** Key id and HMAC key (base64url) of the external account binding (RFC 8555 §7.3.4); null: none. */
  readonly eab: { readonly kid: string; readonly hmacKey: string } | null
  /** The first wait between two looks, ms. */
  readonly pollMs: number
  now(): Date
}

/** What is asked for, for messages. */
export type Asked = Omit<ProblemContext, 'directory'>

/** The directory of an authority. Throws IssueError. */
export async function readDirectory(transport: Transport, now: Date, signal: AbortSignal): Promise<Directory> {
  const { directory } = transport
  const context = { directory, tried: 'its directory', host: null }
  const answer = await transport.request('GET', directory, null, signal)
  if (answer.status !== 200) throw answerError(answer, context, now)
  return shaped(directoryShape, answer, context)
}

/** Signed requests of one account, or of a key that is to become one, for as long as one piece of work lasts. */
export class Caller {
  readonly directory: Directory
  /** Of the account's key (RFC 7638). */
  readonly thumbprint: string
  readonly #options: CallerOptions
  readonly #signer: Signer
  readonly #accountUrl: string | null
  readonly #signal: AbortSignal
  /** Each is good for one request. */
  readonly #nonces: string[] = []

  private constructor(
    options: CallerOptions,
    directory: Directory,
    signer: Signer,
    accountUrl: string | null,
    signal: AbortSignal,
  ) {
    this.#options = options
    this.directory = directory
    this.#signer = signer
    this.#accountUrl = accountUrl
    this.#signal = signal
    this.thumbprint = createHash('sha256').update(JSON.stringify(signer.getJwk())).digest('base64url')
  }

  /** `account.url` null: requests bear the key itself, as only that for a new account may. */
  static async open(
    options: CallerOptions,
    directory: Directory,
    account: { readonly keyPem: string; readonly url: string | null },
    signal: AbortSignal,
  ): Promise<Caller> {
    const { transport, eab } = options
    const { Client } = await acmeClient()
    const client = new Client({
      directoryUrl: transport.directory,
      accountKey: account.keyPem,
      ...(eab === null ? {} : { externalAccountBinding: { ...eab } }),
    })
    const signer = (client as unknown as { readonly http: Signer }).http
    signer.maxBadNonceRetries = MAX_BAD_NONCES
    signer.request = (url, method, opts) =>
      transport.request(method.toUpperCase(), url, opts?.data === undefined ? null : JSON.stringify(opts.data), signal)
    signer.getDirectory = async () => directory
    const caller = new Caller(options, directory, signer, account.url, signal)
    signer.getNonce = () => caller.#newNonce()
    return caller
  }

  /** The same, under another signal. */
  under(signal: AbortSignal, account: { readonly keyPem: string; readonly url: string | null }): Promise<Caller> {
    return Caller.open(this.#options, this.directory, account, signal)
  }

  /** Sends a payload; null: POST-as-GET (RFC 8555 §6.3). Throws IssueError when the answer is not 2xx. */
  async post(url: string, payload: object | null, asked: Asked, withEab = false): Promise<Answer> {
    const answer = await this.#signer.signedRequest(url, payload, {
      kid: this.#accountUrl,
      nonce: this.#nonces.pop() ?? null,
      includeExternalAccountBinding: withEab,
    })
    const nonce = nonceOf(answer)
    if (nonce !== null) this.#nonces.push(nonce)
    if (answer.status >= 200 && answer.status < 300) return answer
    throw answerError(answer, this.#context(asked), this.#options.now())
  }

  /** As `post`, and what came back has this shape. Throws IssueError, also UR_ACME_ANSWER. */
  async ask<Shape extends z.ZodType>(
    shape: Shape,
    url: string,
    payload: object | null,
    asked: Asked,
  ): Promise<z.infer<Shape>> {
    return this.shaped(shape, await this.post(url, payload, asked), asked)
  }

  /** What came back, in this shape. Throws IssueError UR_ACME_ANSWER. */
  shaped<Shape extends z.ZodType>(shape: Shape, answer: Answer, asked: Asked): z.infer<Shape> {
    return shaped(shape, answer, this.#context(asked))
  }

  /**
   * Looks again and again until `isDone`, at a pace that slows down and that the authority may set by Retry-After
   * (RFC 8555 §7.5.1). Throws as `ask`; a few failures that may pass are looked over.
   */
  async poll<Shape extends z.ZodType>(
    shape: Shape,
    url: string,
    asked: Asked,
    isDone: (value: z.infer<Shape>) => boolean,
  ): Promise<z.infer<Shape>> {
    let waitMs = this.#options.pollMs
    for (let failed = 0; ; waitMs = Math.min(waitMs * 1.5, MAX_POLL_MS)) {
      await pause(waitMs, this.#signal)
      try {
        const answer = await this.post(url, null, asked)
        const value = this.shaped(shape, answer, asked)
        if (isDone(value)) return value
        failed = 0
        await this.#leaveAlone(parseRetryAfter(answer.headers['retry-after'], this.#options.now()), waitMs)
      } catch (error) {
        if (!mayPass(error) || ++failed > MAX_FAILED_POLLS) throw error
        await this.#leaveAlone(error.retryAfterMs, waitMs)
      }
    }
  }

  /** The error for something that this authority did. */
  failure(code: AcmeCode, asked: Asked, cameBack: string, cause?: unknown): IssueError {
    const { directory } = this.#options.transport
    return new IssueError(code, asked.tried, cameBack, { directory, host: asked.host, cause })
  }

  #context(asked: Asked): ProblemContext {
    return { ...asked, directory: this.#options.transport.directory }
  }

  /** What is left of a wait that was asked for, when `waitMs` of it are waited anyway. */
  async #leaveAlone(retryAfterMs: number | null, waitMs: number): Promise<void> {
    if (retryAfterMs !== null && retryAfterMs > waitMs) await pause(retryAfterMs - waitMs, this.#signal)
  }

  async #newNonce(): Promise<string> {
    const { transport, now } = this.#options
    const answer = await transport.request('HEAD', this.directory.newNonce, null, this.#signal)
    const context = this.#context({ tried: 'a nonce', host: null })
    if (answer.status >= 400) throw answerError(answer, context, now())
    const nonce = nonceOf(answer)
    if (nonce !== null) return nonce
    throw new IssueError('UR_ACME_ANSWER', context.tried, 'none came back', { directory: transport.directory })
  }
}

/** RFC 8555 §6.5.1. */
function nonceOf({ headers }: Answer): string | null {
  const nonce = headers['replay-nonce']
  return typeof nonce === 'string' && nonce !== '' ? nonce : null
}

function mayPass(error: unknown): error is IssueError {
  if (!(error instanceof IssueError) || !TRANSIENT.includes(error.code)) return false
  return (error.retryAfterMs ?? 0) <= MAX_PATIENCE_MS
}

function shaped<Shape extends z.ZodType>(shape: Shape, answer: Answer, context: ProblemContext): z.infer<Shape> {
  const parsed = shape.safeParse(answer.data)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  const why = typeof answer.data === 'string' ? 'it is no JSON' : `${issue?.message ?? 'unknown'}${where}`
  const { directory, host, tried } = context
  throw new IssueError('UR_ACME_ANSWER', tried, `the answer was not understood (${why})`, { directory, host })
}
