import type { Server, Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import { NO_CERTIFICATE, type VisitorCertificate } from '../access/visitor-rules/index.js'
import { UniRouteError } from '../core/errors.js'
import { clientHelloAlert, peek, PLAIN_HTTP_ANSWER, type ClientHello, type Peeked } from '../hello/index.js'
import { ALPN } from '../protocol/index.js'
import { serveVisitor } from '../proxy/index.js'
import { Site, type TunnelTable, type Visitor } from '../tunnels/index.js'
import type { Admission } from './admission.js'
import type { IngressLimits, ListenOn } from './api.js'
import { CHALLENGE_ALPN, ChallengeServer } from './challenge-server.js'
import { answerAndClose, closeServer, listen, portOf, publicServer } from './listener.js'
import { visitorOf } from './proxied.js'
import { TlsServer, type CertificatePem, type TlsServerOptions } from './tls-server.js'
import { CertificateServers, type CertificateServersOptions } from './visitor-certificates.js'

/** How long keys of session tickets are used, ms: whoever gets one reads no more than the sessions of that time. */
const TICKET_KEYS_MS = 3_600_000

export interface TlsPortOptions {
  readonly table: TunnelTable
  readonly admission: Admission
  limits(): IngressLimits
  /** Whether an address is that of a load balancer which sends PROXY headers. */
  isTrustedProxy(address: string): boolean
  readonly contextFor: TlsServerOptions<never>['contextFor']
  readonly defaultPem: CertificatePem
  /**
   * The certificate that proves a name to an authority which comes by ALPN acme-tls/1 (RFC 8737); null: there is none
   * for that name. Left out: such a connection is like any other. Must not reject.
   */
  readonly challengeContext?: ((serverName: string) => Promise<SecureContext | null>) | undefined
  /**
   * An agent's connection from the IP address `remote`, after its TLS handshake, in which it may have shown a certificate
   * (DER; nothing was verified but that it has the key). Settles when it is a carrier, or refused.
   */
  onAgent(socket: TLSSocket, remote: string, certificate: Buffer | null): Promise<void>
  /** A connection to the host of an `http` tunnel, after its TLS handshake. */
  onHttp(socket: TLSSocket, connection: HttpConnection): void
}

/** A visitor's connection to an `http` tunnel. */
export interface HttpConnection {
  readonly visitor: Visitor
  /** The host that it was made for. */
  readonly host: string
  /** What it showed of its visitor's certificate. */
  readonly certificate: VisitorCertificate
}

type Arrival = Omit<HttpConnection, 'certificate'>

/**
 * The one public port for everything TLS: agents by ALPN, visitors by SNI. What is for a `tls` tunnel is passed through
 * untouched, the rest has its TLS here.
 */
export class TlsPort {
  readonly #options: TlsPortOptions
  readonly #agents: TlsServer<{ raw: Socket; address: string }>
  readonly #visitors: TlsServer<Arrival>
  /** Those who are asked for certificates. */
  readonly #certified: CertificateServers<Arrival>
  readonly #challenges: ChallengeServer
  readonly #server: Server
  readonly #ticketTimer: NodeJS.Timeout

  constructor(options: TlsPortOptions) {
    this.#options = options
    const { contextFor, defaultPem, admission } = options
    const common = { contextFor, defaultPem, handshakeTimeoutMs: options.limits().helloTimeoutMs }
    this.#agents = new TlsServer({
      ...common,
      alpn: [ALPN],
      // Of any authority: who it is stands in the database.
      clients: [],
      minVersion: 'TLSv1.3',
      onSecure: (socket, { raw, address }) => void this.#onAgent(socket, raw, address),
      onFailure: (error, socket) => failed(admission, socket, error, 'TLS handshake of an agent failed'),
    })
    const visitors: CertificateServersOptions<Arrival> = {
      ...common,
      alpn: ['h2', 'http/1.1'],
      minVersion: 'TLSv1.2',
      onSecure: (socket, arrival, certificate) => options.onHttp(socket, { ...arrival, certificate }),
      onFailure: (error, socket) => failed(admission, socket, error, 'TLS handshake of a visitor failed'),
    }
    this.#visitors = new TlsServer({
      ...visitors,
      onSecure: (socket, arrival) => visitors.onSecure(socket, arrival, NO_CERTIFICATE),
    })
    this.#certified = new CertificateServers(visitors)
    this.#challenges = new ChallengeServer({
      defaultPem,
      handshakeTimeoutMs: common.handshakeTimeoutMs,
      onFailure: (error, socket) => failed(admission, socket, error, 'TLS handshake of a certificate authority failed'),
    })
    this.#server = publicServer((socket) => void this.#onSocket(socket))
    this.#ticketTimer = setInterval(() => this.#rotateTicketKeys(), TICKET_KEYS_MS).unref()
  }

  /** Resolves with the port. */
  async listen(on: ListenOn): Promise<number> {
    await listen(this.#server, on)
    this.#server.on('error', (error) => {
      this.#options.admission.rejected(
        'UR_FD_EXHAUSTED',
        { reason: error.message },
        'a connection could not be accepted',
      )
    })
    return portOf(this.#server)
  }

  /** Another default certificate, for connections from now on. */
  setDefaultCertificate(pem: CertificatePem): void {
    this.#agents.setDefault(pem)
    this.#visitors.setDefault(pem)
    this.#certified.setDefault(pem)
  }

  /** Stops listening; connections stay. */
  close(): Promise<void> {
    clearInterval(this.#ticketTimer)
    return closeServer(this.#server)
  }

  #rotateTicketKeys(): void {
    this.#agents.rotateTicketKeys()
    this.#visitors.rotateTicketKeys()
    this.#certified.rotateTicketKeys()
  }

  async #onSocket(socket: Socket): Promise<void> {
    const { admission, isTrustedProxy } = this.#options
    socket.on('error', ignore)
    admission.addPending(socket)
    const { helloTimeoutMs: timeoutMs, helloBytes: maxBytes } = this.#options.limits()
    const trustedProxy = isTrustedProxy(socket.remoteAddress ?? '')
    let peeked: Peeked
    try {
      peeked = await peek(socket, { timeoutMs, maxBytes, trustedProxy })
    } catch (error) {
      this.#turnAway(socket, error)
      return
    }
    if (peeked.hello.alpn.includes(ALPN)) {
      this.#agents.take(socket, { raw: socket, address: visitorOf(socket, peeked.proxy).address })
    } else if (isChallenge(peeked.hello)) await this.#onChallenge(socket, peeked)
    else this.#onVisitor(socket, peeked)
  }

  /** An authority looks for the proof of a name: ours, or that of whoever ends the TLS of a tunnel. */
  async #onChallenge(socket: Socket, peeked: Peeked): Promise<void> {
    const { challengeContext, table, admission } = this.#options
    const { sni } = peeked.hello
    if (challengeContext === undefined) return this.#onVisitor(socket, peeked)
    const context = sni === null ? null : await challengeContext(sni)
    if (socket.destroyed) return
    if (context !== null && sni !== null) return this.#challenges.take(socket, sni, context)
    const target = sni === null ? undefined : table.findHost(sni)
    if (target !== undefined && !(target instanceof Site)) return this.#onVisitor(socket, peeked)
    admission.removePending(socket)
    answerAndClose(socket, clientHelloAlert('unrecognizedName'))
    const fields = { sni, remote: socket.remoteAddress }
    admission.rejected('UR_CHALLENGE_UNKNOWN', fields, 'no proof waits for the name that was asked for')
  }

  async #onAgent(socket: TLSSocket, raw: Socket, address: string): Promise<void> {
    const certificate = socket.getPeerX509Certificate()?.raw ?? null
    await this.#options.onAgent(socket, address, certificate)
    this.#options.admission.removePending(raw)
  }

  #onVisitor(socket: Socket, { hello, proxy }: Peeked): void {
    const { admission, table } = this.#options
    admission.removePending(socket)
    const { sni } = hello
    const target = sni === null ? undefined : table.findHost(sni)
    if (target === undefined || sni === null) {
      const fields = { sni, remote: socket.remoteAddress }
      answerAndClose(socket, clientHelloAlert('unrecognizedName'))
      admission.rejected('UR_SNI_UNKNOWN', fields, 'no tunnel has the name that a visitor asked for')
      return
    }
    const visitor = { ...visitorOf(socket, proxy), sni, alpn: hello.alpn.join(',') }
    const leave = admission.addVisitor(socket, visitor.address)
    if (leave === null) return
    if (target instanceof Site) {
      socket.once('close', leave)
      const { clientAuthorities } = target
      if (clientAuthorities === null) this.#visitors.take(socket, { visitor, host: sni })
      else this.#certified.take(socket, { visitor, host: sni }, clientAuthorities)
      return
    }
    socket.off('error', ignore)
    serveVisitor(target, socket, visitor, leave)
  }

  /** Answers what can be answered to a connection that did not bring a ClientHello. */
  #turnAway(socket: Socket, error: unknown): void {
    const { admission } = this.#options
    admission.removePending(socket)
    const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
    const fields = { remote: socket.remoteAddress, reason: (error as Error).message }
    if (code === 'UR_HELLO_PLAIN_HTTP') answerAndClose(socket, PLAIN_HTTP_ANSWER)
    else if (code === 'UR_HELLO_INVALID' || code === 'UR_HELLO_TOO_LONG') {
      answerAndClose(socket, clientHelloAlert('decodeError'))
    } else socket.destroy()
    admission.rejected(code, fields, 'connection turned away')
  }
}

/** RFC 8737 §3: the authority offers this protocol alone. */
function isChallenge({ alpn }: ClientHello): boolean {
  return alpn.length === 1 && alpn[0] === CHALLENGE_ALPN
}

function failed(admission: Admission, socket: TLSSocket, error: Error, message: string): void {
  const fields = { remote: socket.remoteAddress, reason: error.message }
  socket.destroy()
  admission.rejected('UR_TLS_HANDSHAKE', fields, message)
}

/** Until somebody else owns the socket: 'close' follows an error, and is what counts. */
function ignore(): void {}
