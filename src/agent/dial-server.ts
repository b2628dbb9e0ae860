import net, { type Socket } from 'node:net'
import tls, { type PeerCertificate, type TLSSocket } from 'node:tls'
import type { Code } from '../core/error-codes.js'
import { CertificateError, NetworkError, ProtocolError, RefusedError, UniRouteError } from '../core/errors.js'
import { ALPN } from '../protocol/index.js'
import type { HostPort } from '../config/index.js'
import { hostPortText, reasonText, systemCode } from './addresses.js'
import type { OwnCertificateOptions } from './own-certificate.js'
import { plainAnswer } from './plain-answer.js'
import { proxyConnect } from './proxy-connect.js'
import { proxyFor } from './proxy-env.js'
import { TlsTickets } from './tls-tickets.js'
import { Trust } from './trust.js'

/** How long one address of a host with several may take before it is given up for the next, ms (Node's default: 250). */
const NEXT_ADDRESS_MS = 2_000
/** For asking what is there instead of TLS, ms. */
const PLAIN_MS = 2_000
const TLS_STEP = 'finish the TLS handshake'
/** What to do where no UniRoute server is. */
const GIVE_PORT = 'Give --server the TLS port of uniroutd (listen.tls: usually 443, 8443 with `uniroutd dev`)'

export interface ServerDialOptions {
  readonly caFile?: string | undefined
  readonly insecure?: boolean | undefined
  /** What the agent itself shows. */
  readonly certificate?: OwnCertificateOptions | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
}

/** Makes connections to servers: name, TCP, proxy, TLS 1.3 with our ALPN and a verified certificate. */
export class ServerDialer {
  readonly #options: ServerDialOptions
  readonly #trust: Trust
  readonly #tickets = new TlsTickets()
  /** A server was there once: what fails now is the network's matter. */
  #everSecure = false

  constructor(options: ServerDialOptions) {
    this.#options = options
    this.#trust = new Trust(options.caFile, options.env, options.certificate)
  }

  /**
   * A connection on which the preface may be sent at once. Aborting the signal rejects with its reason. `answered` is
   * called when the server has taken the connection, before TLS.
   * Throws NetworkError, CertificateError, ProtocolError or ConfigError; each says what was tried.
   */
  async dial(target: HostPort, signal?: AbortSignal, answered?: () => void): Promise<TLSSocket> {
    const { timeoutMs } = this.#options
    const deadline = new Deadline(timeoutMs, signal)
    const open: Socket[] = []
    try {
      // First, so that a file that is wrong is told of even where no server answers.
      const secureContext = await this.#trust.context()
      deadline.check()
      const socket = await this.#reach(target, deadline, open)
      answered?.()
      deadline.step = TLS_STEP
      const server = hostPortText(target)
      const ticket = this.#tickets.take(server, secureContext)
      const secure = tls.connect({
        socket,
        host: target.host,
        ...serverName(target.host),
        ...(secureContext && { secureContext }),
        ...(ticket && { session: ticket }),
        ALPNProtocols: [ALPN],
        minVersion: 'TLSv1.3',
        rejectUnauthorized: this.#options.insecure !== true,
      })
      deadline.watch(secure, open)
      await deadline.race(secured(secure)).catch((error: unknown) => {
        throw tlsError(target, error)
      })
      this.#everSecure = true
      if (secure.alpnProtocol !== ALPN) throw noServer(target)
      this.#tickets.collect(server, secureContext, secure)
      return secure
    } catch (error) {
      for (const socket of open) socket.destroy()
      const told = error === TIMED_OUT ? timeoutError(target, deadline.step, timeoutMs) : error
      throw deadline.step === TLS_STEP ? await this.#orPlain(target, told, signal) : told
    } finally {
      deadline.clear()
    }
  }

  /** A TCP connection to the server, through its proxy if there is one. */
  async #reach(target: HostPort, deadline: Deadline, open: Socket[]): Promise<Socket> {
    const proxy = proxyFor(target, this.#options.env)
    let socket = deadline.watch(connectTcp(proxy ?? target), open)
    deadline.step = proxy === null ? 'connect' : `connect to its proxy ${hostPortText(proxy)}`
    await deadline.race(connected(socket)).catch((error: unknown) => {
      throw proxy === null ? tcpError(target, error) : proxyTcpError(proxy, error)
    })
    if (proxy !== null) {
      if (proxy.tls) {
        socket = deadline.watch(tls.connect({ socket, ...serverName(proxy.host) }), open)
        await deadline.race(secured(socket)).catch((error: unknown) => {
          throw new NetworkError(
            'UR_PROXY_CONNECT',
            `the TLS handshake with the proxy ${hostPortText(proxy)} failed: ${reasonText(error)}`,
          )
        })
      }
      deadline.step = `get through its proxy ${hostPortText(proxy)}`
      await deadline.race(proxyConnect(socket, proxy, target))
    }
    return socket
  }

  /**
   * The error of a handshake that failed: `error`, or what the other side says in plain when it is no TLS that it speaks.
   * To a plain request TLS servers answer with status 400: that tells something only where they cannot be one.
   */
  async #orPlain(target: HostPort, error: unknown, signal?: AbortSignal): Promise<unknown> {
    const isNoTls = error instanceof NetworkError && error.code === 'UR_SERVER_NO_TLS'
    if (this.#everSecure || signal?.aborted || !(error instanceof NetworkError)) return error
    const deadline = new Deadline(PLAIN_MS, signal)
    const open: Socket[] = []
    try {
      const socket = await this.#reach(target, deadline, open)
      const answer = await deadline.race(plainAnswer(socket, hostPortText(target)))
      if (answer === null) return error
      const { line, httpStatus } = answer
      if (httpStatus !== null && (isNoTls || httpStatus !== 400)) return plainHttp(target, line)
      return isNoTls ? noTls(target, `: it says "${line}"`) : error
    } catch {
      return error
    } finally {
      for (const socket of open) socket.destroy()
      deadline.clear()
    }
  }
}

const LASTING: ReadonlySet<Code> = new Set(['UR_SERVER_NO_TLS', 'UR_SERVER_PLAIN_HTTP'])

/** A wrong certificate, authority or proxy, or no UniRoute server: nothing that another try a second later would mend. */
export function isLasting(error: UniRouteError): boolean {
  return LASTING.has(error.code) || !(error instanceof NetworkError || error instanceof RefusedError)
}

const TIMED_OUT = Symbol('timed out')

/** The time limit and the abort signal of one dial, whatever its step. */
class Deadline {
  step = ''
  readonly #over: Promise<never>
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  #fail!: (reason: unknown) => void
  readonly #onAbort = (): void => this.#fail(this.#signal?.reason)

  constructor(ms: number, signal: AbortSignal | undefined) {
    this.#signal = signal
    this.#over = new Promise<never>((_resolve, reject) => (this.#fail = reject))
    // Nobody may be waiting at the moment it fails.
    this.#over.catch(() => undefined)
    this.#timer = setTimeout(() => this.#fail(TIMED_OUT), ms)
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted) this.#onAbort()
  }

  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.#over, work])
  }

  check(): void {
    this.#signal?.throwIfAborted()
  }

  /** Remembers a socket to be destroyed on failure; its late errors are of no interest then. */
  watch<S extends Socket>(socket: S, open: Socket[]): S {
    socket.on('error', () => undefined)
    open.push(socket)
    return socket
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}

function connectTcp({ host, port }: HostPort): Socket {
  return net.connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
  })
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
}

function secured(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket
      .once('secureConnect', resolve)
      .once('error', reject)
      .once('close', () => reject(new Error('the connection was closed during the TLS handshake')))
  })
}

/** SNI has no IP addresses (RFC 6066 §3). */
function serverName(host: string): { servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {}
}

function tcpError(target: HostPort, error: unknown): unknown {
  if (error === TIMED_OUT || error instanceof UniRouteError || isAbort(error)) return error
  const code = systemCode(error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') {
    const why = code === 'EAI_AGAIN' ? 'the name servers do not answer' : 'there is no such name'
    return new NetworkError(
      'UR_SERVER_NAME',
      `the server's name ${target.host} could not be resolved: ${why} (${code}). ` +
        'Check --server and the DNS of this machine',
    )
  }
  return new NetworkError(
    'UR_SERVER_UNREACHABLE',
    `could not connect to the server ${hostPortText(target)}: ${reasonText(error)}. ` +
      'Check the address, that uniroutd runs there, and that no firewall is in between',
  )
}

function proxyTcpError(proxy: HostPort, error: unknown): unknown {
  if (error === TIMED_OUT || error instanceof UniRouteError || isAbort(error)) return error
  return new NetworkError(
    'UR_PROXY_CONNECT',
    `could not connect to the proxy ${hostPortText(proxy)}: ${reasonText(error)}`,
  )
}

const VERIFY_CODES =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH)/

function tlsError(target: HostPort, error: unknown): unknown {
  if (error === TIMED_OUT || error instanceof UniRouteError || isAbort(error)) return error
  const code = systemCode(error)
  const server = hostPortText(target)
  if (VERIFY_CODES.test(code)) {
    return new CertificateError(
      'UR_TLS_VERIFY',
      `the certificate of ${server} could not be verified: ${reasonText(error)} (${code}). ${verifyAdvice(code, target, error)}`,
    )
  }
  if (code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' || code === 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    return noServer(target)
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return noTls(target)
  }
  return new NetworkError(
    'UR_SERVER_TLS',
    `the TLS handshake with ${server} failed: ${reasonText(error)}. ${GIVE_PORT}`,
  )
}

function verifyAdvice(code: string, { host }: HostPort, error: unknown): string {
  if (code === 'CERT_HAS_EXPIRED') return 'Renew it on the server, or check the clock of this machine'
  if (code === 'CERT_NOT_YET_VALID') return 'Check the clock of this machine'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    // Node itself lists the names, but for an IP address only the addresses among them.
    const names = net.isIP(host) === 0 ? '' : ((error as { cert?: PeerCertificate }).cert?.subjectaltname ?? '')
    const listed = names === '' ? '' : `; it names ${names.length > 200 ? `${names.slice(0, 200)}…` : names}`
    return `Write the server as the certificate names it instead of ${host}${listed}`
  }
  return 'If the server has an authority of its own, give its file with --ca'
}

function timeoutError(target: HostPort, step: string, ms: number): NetworkError {
  const advice = step === TLS_STEP ? `. If it never does: ${GIVE_PORT}` : ''
  return new NetworkError(
    'UR_SERVER_TIMEOUT',
    `the server ${hostPortText(target)} did not let us ${step} within ${ms / 1000} s${advice}`,
  )
}

function noTls(target: HostPort, answer = ''): NetworkError {
  return new NetworkError('UR_SERVER_NO_TLS', `${hostPortText(target)} does not speak TLS${answer}. ${GIVE_PORT}`)
}

function plainHttp(target: HostPort, line: string): NetworkError {
  const server = hostPortText(target)
  const message = `${server} speaks plain HTTP, not TLS: it answered "${line}". ${GIVE_PORT}`
  return new NetworkError('UR_SERVER_PLAIN_HTTP', message)
}

function noServer(target: HostPort): ProtocolError {
  return new ProtocolError(
    'UR_SERVER_ALPN',
    `${hostPortText(target)} speaks TLS, but not ${ALPN}: it is no UniRoute server, or something before it ends TLS. ` +
      `${GIVE_PORT}, and let a proxy in front of it pass TLS through as it is`,
  )
}

function isAbort(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'AbortError'
}
