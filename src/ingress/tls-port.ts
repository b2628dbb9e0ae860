import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { UniRouteError } from '../core/errors.js'
import { clientHelloAlert, peek, PLAIN_HTTP_ANSWER, type Peeked, type ProxyHeader } from '../hello/index.js'
import { ALPN } from '../protocol/index.js'
import { serveVisitor } from '../proxy/index.js'
import type { RouteTable } from '../routing/index.js'
import type { Tunnel } from '../tunnels/index.js'
import type { Admission } from './admission.js'
import { AgentTls, type CertificatePem } from './agent-tls.js'
import type { IngressLimits, ListenOn } from './api.js'
import { answerAndClose, closeServer, listen, portOf, publicServer } from './listener.js'
import { visitorOf } from './proxied.js'

export interface TlsPortOptions {
  readonly table: RouteTable<Tunnel>
  readonly admission: Admission
  limits(): IngressLimits
  /** Whether an address is that of a load balancer which sends PROXY headers. */
  isTrustedProxy(address: string): boolean
  readonly contextFor: ConstructorParameters<typeof AgentTls>[0]['contextFor']
  readonly defaultPem: CertificatePem
  /** An agent's connection from the IP address `remote`, after its TLS handshake. Settles when it is a carrier, or refused. */
  onAgent(socket: TLSSocket, remote: string): Promise<void>
}

/** The one public port for everything TLS: agents by ALPN, visitors of `tls` tunnels by SNI. Nothing is decrypted here. */
export class TlsPort {
  readonly #options: TlsPortOptions
  readonly #agents: AgentTls
  readonly #server: Server
  /** Agents' connections that have not said Hello, by the address and port that they came from. */
  readonly #handshaking = new Map<string, { raw: Socket; address: string }>()

  constructor(options: TlsPortOptions) {
    this.#options = options
    this.#agents = new AgentTls({
      contextFor: options.contextFor,
      defaultPem: options.defaultPem,
      handshakeTimeoutMs: options.limits().helloTimeoutMs,
      onAgent: (socket) => void this.#onAgent(socket),
      onFailure: (error, socket) => {
        const fields = { remote: socket.remoteAddress, reason: error.message }
        socket.destroy()
        options.admission.rejected('UR_TLS_HANDSHAKE', fields, 'TLS handshake of an agent failed')
      },
    })
    this.#server = publicServer((socket) => void this.#onSocket(socket))
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

  /** Another default certificate, for agents from now on. */
  setDefaultCertificate(pem: CertificatePem): void {
    this.#agents.setDefault(pem)
  }

  /** Stops listening; connections stay. */
  close(): Promise<void> {
    return closeServer(this.#server)
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
    if (peeked.hello.alpn.includes(ALPN)) this.#takeAgent(socket, peeked.proxy)
    else this.#onVisitor(socket, peeked)
  }

  #takeAgent(raw: Socket, proxy: ProxyHeader | null): void {
    const peer = peerOf(raw)
    this.#handshaking.set(peer, { raw, address: visitorOf(raw, proxy).address })
    raw.once('close', () => this.#handshaking.delete(peer))
    this.#agents.take(raw)
  }

  async #onAgent(socket: TLSSocket): Promise<void> {
    const peer = peerOf(socket)
    const known = this.#handshaking.get(peer)
    if (known === undefined) {
      // It was reset during the handshake, and has no address any more. Nobody reads it, so nobody else would close it.
      socket.on('error', ignore).destroy()
      return
    }
    await this.#options.onAgent(socket, known.address)
    this.#handshaking.delete(peer)
    this.#options.admission.removePending(known.raw)
  }

  #onVisitor(socket: Socket, { hello, proxy }: Peeked): void {
    const { admission, table } = this.#options
    admission.removePending(socket)
    const tunnel = hello.sni === null ? undefined : table.findHost(hello.sni)
    if (tunnel === undefined) {
      const fields = { sni: hello.sni, remote: socket.remoteAddress }
      answerAndClose(socket, clientHelloAlert('unrecognizedName'))
      admission.rejected('UR_SNI_UNKNOWN', fields, 'no tunnel has the name that a visitor asked for')
      return
    }
    if (!admission.addVisitor(socket)) return
    const visitor = { ...visitorOf(socket, proxy), sni: hello.sni ?? '', alpn: hello.alpn.join(',') }
    socket.off('error', ignore)
    serveVisitor(tunnel, socket, visitor, () => admission.visitorGone())
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

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

/** Until somebody else owns the socket: 'close' follows an error, and is what counts. */
function ignore(): void {}
