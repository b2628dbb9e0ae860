import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { VERSION } from '../../core/version.js'
import { IssueError } from '../issue-error.js'

/** Bytes of an answer. */
const MAX_BYTES = 1024 * 1024
/** Connections to an authority at once. */
const MAX_SOCKETS = 16
/** After so long without a request a connection is closed, before the other side does it. */
const IDLE_MS = 4_000

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The value of JSON that could be parsed; otherwise the text. */
  readonly data: unknown
}

export interface TransportOptions {
  /** URL of the directory. */
  readonly directory: string
  /** PEM of the CAs that the authority's server is verified with; null: those that Node brings along. */
  readonly ca: string | null
  /** Time until a connection has its TLS, ms. */
  readonly connectTimeoutMs: number
  /** Time until the whole answer is here, ms. */
  readonly answerTimeoutMs: number
}

/**
 * HTTP to one authority: https only (http for a directory on loopback), no redirects, no proxy, bounded answers, and
 * limits on every wait. What is asked for is never sent twice, unless a connection that was kept alive turns out dead.
 */
export class Transport {
  readonly #options: TransportOptions
  readonly #isPlain: boolean
  readonly #https: HttpsAgent
  readonly #http: HttpAgent
  /** Connections that have been made: the next request over one of them does not wait for that. */
  readonly #connected = new WeakSet<Duplex>()

  constructor(options: TransportOptions) {
    this.#options = options
    const pool = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MS }
    this.#https = new HttpsAgent({ ...pool, ...(options.ca === null ? {} : { ca: options.ca }) })
    this.#http = new HttpAgent(pool)
    const url = parseUrl(options.directory)
    this.#isPlain = url?.protocol === 'http:' && isLoopback(url.hostname)
  }

  get directory(): string {
    return this.#options.directory
  }

  /**
   * `body`: sent as `application/jose+json`. Throws IssueError UR_ACME_UNREACHABLE, UR_ACME_TIMEOUT, UR_ACME_TLS or
   * UR_ACME_ANSWER, and what `signal` was aborted with.
   */
  async request(method: string, target: string, body: string | null, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const url = this.#checked(target)
    try {
      return await this.#send(method, url, body, signal)
    } catch (error) {
      if (!isStale(error) || signal.aborted) throw error
      return this.#send(method, url, body, signal)
    }
  }

  #checked(target: string): URL {
    const url = parseUrl(target)
    const isAllowed =
      url?.protocol === 'https:' || (this.#isPlain && url?.protocol === 'http:' && isLoopback(url.hostname))
    if (url !== null && isAllowed) return url
    throw this.#failure('UR_ACME_ANSWER', target, 'that is no https:// URL')
  }

  #send(method: string, url: URL, body: string | null, signal: AbortSignal): Promise<Answer> {
    const { connectTimeoutMs, answerTimeoutMs } = this.#options
    const headers = {
      'user-agent': `uniroute/${VERSION}`,
      ...(body === null ? {} : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
    }
    const isHttps = url.protocol === 'https:'
    const options = { method, headers, agent: isHttps ? this.#https : this.#http }
    const tried = `${method} ${url.href}`
    return new Promise((resolve, reject) => {
      const request = isHttps ? httpsRequest(url, options) : httpRequest(url, options)
      let connecting: NodeJS.Timeout | undefined
      let isReused = false
      let stopped: Error | null = null
      const stop = (error: Error): void => {
        stopped = error
        request.destroy(error)
      }
      const late = (ms: number, what: string): NodeJS.Timeout =>
        setTimeout(() => stop(this.#failure('UR_ACME_TIMEOUT', tried, `${what} within ${ms} ms`)), ms)
      const answering = late(answerTimeoutMs, 'no whole answer')
      const onAbort = (): void => stop(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      const settle = <T>(done: (value: T) => void, value: T): void => {
        clearTimeout(connecting)
        clearTimeout(answering)
        signal.removeEventListener('abort', onAbort)
        done(value)
      }
      const fail = (error: Error): void => settle(reject, stopped ?? this.#explain(error, tried, isReused))
      request.on('socket', (socket) => {
        isReused = this.#connected.has(socket)
        if (isReused) return
        connecting = late(connectTimeoutMs, 'no connection')
        socket.once(isHttps ? 'secureConnect' : 'connect', () => {
          clearTimeout(connecting)
          this.#connected.add(socket)
        })
      })
      request.on('error', fail)
      request.on('response', (response) => {
        this.#read(response, tried).then((answer) => settle(resolve, answer), fail)
      })
      request.end(body ?? undefined)
    })
  }

  async #read(response: IncomingMessage, tried: string): Promise<Answer> {
    const { statusCode: status = 0, headers } = response
    if (status >= 300 && status < 400) {
      response.destroy()
      throw this.#failure('UR_ACME_ANSWER', tried, `it was redirected (${status}) to ${headers.location ?? 'nowhere'}`)
    }
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) {
        response.destroy()
        throw this.#failure('UR_ACME_ANSWER', tried, `the answer has more than ${MAX_BYTES} bytes`)
      }
      chunks.push(chunk)
    }
    return { status, headers, data: readBody(Buffer.concat(chunks).toString('utf8'), headers['content-type']) }
  }

  #explain(error: Error, tried: string, reused: boolean): IssueError {
    if (error instanceof IssueError) return error
    const { code = '', message } = error as NodeJS.ErrnoException
    const text = message === '' ? code : message
    if (isTlsProblem(code)) return this.#failure('UR_ACME_TLS', tried, `TLS failed (${text})`, error)
    const failure = this.#failure('UR_ACME_UNREACHABLE', tried, `the connection failed (${text})`, error)
    if (reused && (code === 'ECONNRESET' || code === 'EPIPE')) stale.add(failure)
    return failure
  }

  #failure(
    code: 'UR_ACME_UNREACHABLE' | 'UR_ACME_TIMEOUT' | 'UR_ACME_TLS' | 'UR_ACME_ANSWER',
    tried: string,
    cameBack: string,
    cause?: unknown,
  ): IssueError {
    return new IssueError(code, tried, cameBack, { directory: this.directory, cause })
  }
}

/** Failures of connections that had been kept alive: the other side may have closed them before it saw the request. */
const stale = new WeakSet<Error>()

function isStale(error: unknown): boolean {
  return error instanceof Error && stale.has(error)
}

function readBody(text: string, type: string | undefined): unknown {
  if (type?.includes('json') !== true) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Codes of OpenSSL's verification (X509_V_ERR_…) and of Node's TLS; a handshake that failed otherwise is EPROTO. */
function isTlsProblem(code: string): boolean {
  return /CERT|SELF_SIGNED|^UNABLE_TO|^ERR_SSL|^ERR_TLS|^EPROTO$|^INVALID_CA|^PATH_LENGTH/.test(code)
}
