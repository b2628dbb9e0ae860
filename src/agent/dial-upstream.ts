import net, { type Socket } from 'node:net'
import tls, { type SecureContext } from 'node:tls'
import { systemClock, type Clock } from '../core/clock.js'
import type { Code } from '../core/error-codes.js'
import { UniRouteError, UpstreamError } from '../core/errors.js'
import { formatUpstream } from '../config/index.js'
import { reasonText, systemCode } from './addresses.js'
import type { TunnelSpec } from './api.js'
import { readAuthorities } from './trust.js'
import { UpstreamNames } from './upstream-names.js'

/** Told how a dial went: exactly one of the two, unless it was cancelled. */
export interface DialEvents {
  connected(socket: Socket): void
  failed(error: UpstreamError): void
}

/** Gives a dial up: its socket is destroyed and nothing more is told. */
export type CancelDial = () => void

export interface UpstreamDialOptions {
  /** Default 10 000: name, TCP and TLS together. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

/**
 * How long one address of an upstream with several may take before it is given up for the next, ms. On this machine
 * only a refusal speaks for the next: who is slow there is busy.
 */
const NEXT_ADDRESS_MS = 2_500

/** Makes connections to one tunnel's upstream: TCP, unix socket, or TLS. */
export class UpstreamDialer {
  /** The upstream as it stands in messages. */
  readonly name: string
  readonly #spec: TunnelSpec
  readonly #timeoutMs: number
  readonly #names: UpstreamNames | null

  constructor(spec: TunnelSpec, { timeoutMs = 10_000, clock = systemClock }: UpstreamDialOptions = {}) {
    this.name = formatUpstream(spec.upstream)
    this.#spec = spec
    this.#timeoutMs = timeoutMs
    this.#names = spec.upstream.kind === 'unix' ? null : new UpstreamNames(spec.upstream.host, clock)
  }

  /** Begins a connection. Sockets are half-open (`allowHalfOpen`), without Nagle's delay, and paused. */
  dial(events: DialEvents): CancelDial {
    let socket: Socket | null = null
    let over = false
    let step = 'connect'
    const finish = (): boolean => {
      if (over) return false
      over = true
      clearTimeout(timer)
      return true
    }
    const fail = (error: UpstreamError): void => {
      if (!finish()) return
      socket?.destroy()
      events.failed(error)
    }
    const timer = setTimeout(() => {
      const ms = this.#timeoutMs
      fail(this.#error('UR_UPSTREAM_TIMED_OUT', `the upstream ${this.name} did not ${step} within ${ms / 1000} s`))
    }, this.#timeoutMs)
    const done = (made: Socket): void => {
      if (!finish()) return
      made.off('error', onError)
      events.connected(made)
    }
    let favourite: string | null = null
    const onError = (error: unknown): void => {
      if (favourite === null || over) return fail(this.#tcpError(error))
      this.#names?.forget(favourite)
      connect()
    }
    const connect = (): void => {
      if (over) return
      favourite = favourite === null ? (this.#names?.favourite ?? null) : null
      const made = (socket = this.#connect(favourite))
      made.on('error', onError)
      made.once('connect', () => {
        this.#names?.worked(made)
        if (this.#spec.upstream.kind !== 'tls') return done(made)
        step = 'finish the TLS handshake'
        made.off('error', onError)
        this.#secure(made, (secure) => (socket = secure)).then(done, (error: unknown) => fail(this.#tlsError(error)))
      })
    }
    if (this.#names === null || this.#names.known !== null) connect()
    else this.#names.ask().then(connect, onError)
    return () => {
      if (finish()) socket?.destroy()
    }
  }

  #connect(favourite: string | null): Socket {
    const { upstream } = this.#spec
    if (upstream.kind === 'unix') return net.connect({ path: upstream.path, allowHalfOpen: true })
    const { host, port } = upstream
    const addresses = this.#names?.known ?? []
    const only = favourite ?? (addresses.length === 1 ? addresses[0]!.address : null)
    const options: net.TcpNetConnectOpts = {
      host: only ?? host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
    }
    if (only === null) {
      options.lookup = (_host, _options, callback) => callback(null, [...addresses])
      options.autoSelectFamily = true
      options.autoSelectFamilyAttemptTimeout = this.#names?.loopback
        ? this.#timeoutMs
        : Math.min(NEXT_ADDRESS_MS, this.#timeoutMs)
    }
    return net.connect(options)
  }

  async #secure(socket: Socket, began: (secure: Socket) => void): Promise<Socket> {
    // Until TLS has it, an error of the socket is told by its close.
    socket.on('error', () => undefined)
    const { upstream, upstreamTls = {} } = this.#spec
    const host = upstream.kind === 'unix' ? 'localhost' : upstream.host
    const name = upstreamTls.serverName ?? host
    const secureContext = await this.#context()
    const secure = tls.connect({
      socket,
      host: name,
      ...(net.isIP(name) === 0 && { servername: name }),
      ...(secureContext && { secureContext }),
      rejectUnauthorized: upstreamTls.insecure !== true,
      ...(this.#spec.kind === 'http' && {
        ALPNProtocols: [this.#spec.http?.upstreamProtocol === 'http2' ? 'h2' : 'http/1.1'],
      }),
    })
    began(secure)
    return new Promise((resolve, reject) => {
      const onClose = (): void => reject(new Error('it closed the connection during the handshake'))
      secure.once('error', reject).once('close', onClose)
      secure.once('secureConnect', () => {
        secure
          .off('error', reject)
          .off('close', onClose)
          .on('error', () => undefined)
        resolve(secure)
      })
    })
  }

  async #context(): Promise<SecureContext | null> {
    const file = this.#spec.upstreamTls?.caFile
    if (file === undefined) return null
    // A new file takes effect with the next visitor; reading it costs less than the handshake that follows.
    return tls.createSecureContext({ ca: await readAuthorities(file) })
  }

  #error(code: Code, message: string, cause?: unknown): UpstreamError {
    return new UpstreamError(code, message, { cause })
  }

  #tcpError(error: unknown): UpstreamError {
    const code = systemCode(error) || systemCode(error instanceof AggregateError ? error.errors[0] : null)
    const tried = `could not connect to the upstream ${this.name}: ${reasonText(error)}`
    const known = TCP_CODES.get(code) ?? 'UR_UPSTREAM_UNREACHABLE'
    return this.#error(known, tried + (HINTS[known] ?? ''), error)
  }

  #tlsError(error: unknown): UpstreamError {
    if (error instanceof UniRouteError) return this.#error('UR_UPSTREAM_TLS', error.message, error)
    const code = systemCode(error)
    const what = `the TLS handshake with the upstream ${this.name} failed: ${reasonText(error)}`
    const hint = 'Give the authority of its certificate with --upstream-ca (upstream_ca), or correct the name'
    return this.#error('UR_UPSTREAM_TLS', `${what}${code === '' ? '' : ` (${code})`}. ${hint}`, error)
  }
}

const HINTS: Partial<Record<Code, string>> = {
  UR_UPSTREAM_REFUSED: '. Start the service, or correct the upstream of the tunnel',
  UR_UPSTREAM_NOT_FOUND: '. Correct the upstream of the tunnel',
}

const TCP_CODES = new Map<string, Code>([
  ['ECONNREFUSED', 'UR_UPSTREAM_REFUSED'],
  ['ECONNRESET', 'UR_UPSTREAM_REFUSED'],
  ['ETIMEDOUT', 'UR_UPSTREAM_TIMED_OUT'],
  ['ENOTFOUND', 'UR_UPSTREAM_NOT_FOUND'],
  ['EAI_AGAIN', 'UR_UPSTREAM_NOT_FOUND'],
  ['ENOENT', 'UR_UPSTREAM_NOT_FOUND'],
  ['ENOTSOCK', 'UR_UPSTREAM_NOT_FOUND'],
  ['EMFILE', 'UR_AGENT_OVERLOADED'],
  ['ENFILE', 'UR_AGENT_OVERLOADED'],
  ['ENOBUFS', 'UR_AGENT_OVERLOADED'],
  ['EADDRNOTAVAIL', 'UR_AGENT_OVERLOADED'],
])
