import net, { type Socket } from 'node:net'
import tls, { type PeerCertificate, type TLSSocket } from 'node:tls'
import { CertificateError, NetworkError, ProtocolError, RefusedError, UniRouteError } from '../core/errors.js'
import { ALPN } from '../protocol/index.js'
import type { HostPort } from '../config/index.js'
import { hostPortText, reasonText, systemCode } from './addresses.js'
import type { OwnCertificateOptions } from './own-certificate.js'
import { proxyConnect } from './proxy-connect.js'
import { proxyFor } from './proxy-env.js'
import { TlsTickets } from './tls-tickets.js'
import { Trust } from './trust.js'

/** How long one address of a host with several may take before it is given up for the next, ms (Node's default: 250). */
const NEXT_ADDRESS_MS = 2_000

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
    const { timeoutMs, env } = this.#options
    const deadline = new Deadline(timeoutMs, signal)
    const open: Socket[] = []
    try {
      // First, so that a file that is wrong is told of even where no server answers.
      const secureContext = await this.#trust.context()
      deadline.check()
      const proxy = proxyFor(target, env)
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
      answered?.()
      deadline.step = 'finish the TLS handshake'
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
      if (secure.alpnProtocol !== ALPN) throw noServer(target)
      this.#tickets.collect(server, secureContext, secure)
      return secure
    } catch (error) {
      for (const socket of open) socket.destroy()
      if (error === TIMED_OUT) {
        throw new NetworkError(
          'UR_SERVER_TIMEOUT',
          `the server ${hostPortText(target)} did not let us ${deadline.step} within ${timeoutMs / 1000} s`,
        )
      }
      throw error
    } finally {
      deadline.clear()
    }
  }
}

/** A wrong certificate, authority or proxy, or no UniRoute server: nothing that another try a second later would mend. */
export function isLasting(error: UniRouteError): boolean {
  return error.code === 'UR_SERVER_NO_TLS' || !(error instanceof NetworkError || error instanceof RefusedError)
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
    return new NetworkError('UR_SERVER_NO_TLS', `${server} does not speak TLS. Give the TLS port of the server`)
  }
  return new NetworkError('UR_SERVER_TLS', `the TLS handshake with ${server} failed: ${reasonText(error)}`)
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

function noServer(target: HostPort): ProtocolError {
  return new ProtocolError(
    'UR_SERVER_ALPN',
    `${hostPortText(target)} speaks TLS, but not ${ALPN}: it is no UniRoute server, or not its TLS port`,
  )
}

function isAbort(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'AbortError'
}
