import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureVersion,
  type Server,
  type TLSSocket,
} from 'node:tls'
import { clientTrust } from '../certs/index.js'
import { tlsOptions } from '../certs/tls-options.js'
import type { ClientAuthorities } from '../config/index.js'

/** A certificate with its chain, and its key; PEM. */
export interface CertificatePem {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

export interface TlsServerOptions<Facts> {
  /** The certificate for a server name, perhaps one that is on its way; null: the default one serves it. Never rejects. */
  contextFor(serverName: string, clients?: ClientAuthorities): SecureContext | null | Promise<SecureContext | null>
  /** For names without a certificate, and for clients that come to an IP address. */
  readonly defaultPem: CertificatePem
  /** Time for a TLS handshake, ms. */
  readonly handshakeTimeoutMs: number
  /** Protocols that are spoken; the one of them that the client likes, and stands first here, is chosen. */
  readonly alpn: readonly string[]
  readonly minVersion: SecureVersion
  /**
   * Clients are asked for a certificate, which is verified against these; what comes of it is to be read from the socket,
   * as each connection is taken. Left out: they are not asked.
   */
  readonly clients?: ClientAuthorities
  /** A connection whose handshake is over, and what `take` was given with it. */
  onSecure(socket: TLSSocket, facts: Facts): void
  onFailure(error: Error, socket: TLSSocket): void
}

/** Node's native TLS for connections that are handed to it; it never listens itself. */
export class TlsServer<Facts> {
  readonly #server: Server
  readonly #tlsOptions: ReturnType<typeof tlsOptions> & Partial<ReturnType<typeof clientTrust>>
  /**
   * The default certificate, where clients are asked for theirs: Node's own default leaves `allowPartialTrustChain` out.
   * Undefined: Node's is right.
   */
  #fallback: SecureContext | undefined
  #ticketKeys = newTicketKeys()
  /** Connections in their handshake, by the addresses and ports of both ends. */
  readonly #handshaking = new Map<string, Facts>()

  constructor(options: TlsServerOptions<Facts>) {
    const { clients } = options
    this.#tlsOptions = { ...tlsOptions(options.minVersion), ...(clients !== undefined && clientTrust(clients)) }
    this.#fallback = this.#fallbackOf(options.defaultPem)
    this.#server = createServer({
      ...this.#tlsOptions,
      ...options.defaultPem,
      ticketKeys: this.#ticketKeys,
      ALPNProtocols: [...options.alpn],
      handshakeTimeout: options.handshakeTimeoutMs,
      requestCert: clients !== undefined,
      rejectUnauthorized: false,
      SNICallback: (name, done) => {
        const context = options.contextFor(name, clients)
        if (context instanceof Promise) void context.then((late) => done(null, late ?? this.#fallback))
        else done(null, context ?? this.#fallback)
      },
    })
    this.#server.on('secureConnection', (socket) => {
      const facts = this.#handshaking.get(endsOf(socket))
      // Without them it was reset during the handshake, and has no address any more. Nobody reads it, so nobody else
      // would close it.
      if (facts === undefined) socket.on('error', ignore).destroy()
      else {
        socket.allowHalfOpen = true
        options.onSecure(socket, facts)
      }
    })
    this.#server.on('tlsClientError', (error, socket) => options.onFailure(error, socket))
  }

  /** Another default certificate, for connections from now on. */
  setDefault(pem: CertificatePem): void {
    this.#fallback = this.#fallbackOf(pem)
    this.#server.setSecureContext({ ...this.#tlsOptions, ...pem, ticketKeys: this.#ticketKeys })
  }

  #fallbackOf(pem: CertificatePem): SecureContext | undefined {
    return 'ca' in this.#tlsOptions ? createSecureContext({ ...this.#tlsOptions, ...pem }) : undefined
  }

  /** Other keys for session tickets: those that were given before are worth a full handshake from now on. */
  rotateTicketKeys(): void {
    this.#ticketKeys = newTicketKeys()
    this.#server.setTicketKeys(this.#ticketKeys)
  }

  /** Takes a connection whose ClientHello is still in its read buffer. */
  take(socket: Socket, facts: Facts): void {
    const ends = endsOf(socket)
    this.#handshaking.set(ends, facts)
    socket.once('close', () => this.#handshaking.delete(ends))
    // A client that does not trust the certificate just ends: half open, that would be waited for until the deadline.
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }
}

/** As Node wants them: a name, and keys for HMAC and AES, of 16 bytes each. */
function newTicketKeys(): Buffer {
  return randomBytes(48)
}

function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

function ignore(): void {}
