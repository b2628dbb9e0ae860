import type { Socket } from 'node:net'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import { ALPN } from '../protocol/index.js'

/** AES-128 first: it costs a fifth less than AES-256, which is Node's first choice. */
const CIPHERS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'].join(':')

const TLS_OPTIONS = { minVersion: 'TLSv1.3', ciphers: CIPHERS, honorCipherOrder: true } as const

/** A certificate with its chain, and its key; PEM. */
export interface CertificatePem {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

export interface AgentTlsOptions {
  /** The certificate for a server name; null: the default one serves it. */
  contextFor(serverName: string): SecureContext | null
  /** For names without a certificate, and for agents that come to an IP address. */
  readonly defaultPem: CertificatePem
  /** Time for a TLS handshake, ms. */
  readonly handshakeTimeoutMs: number
  /** A TLS connection that chose our ALPN. */
  onAgent(socket: TLSSocket): void
  onFailure(error: Error, socket: TLSSocket): void
}

/** Node's native TLS for agents' connections, which are handed to it; it never listens itself. TLS 1.3 only. */
export class AgentTls {
  readonly #server: Server

  constructor(options: AgentTlsOptions) {
    this.#server = createServer({
      ...TLS_OPTIONS,
      ...options.defaultPem,
      ALPNProtocols: [ALPN],
      handshakeTimeout: options.handshakeTimeoutMs,
      SNICallback: (name, done) => {
        const context = options.contextFor(name)
        if (context === null) done(null)
        else done(null, context)
      },
    })
    this.#server.on('secureConnection', (socket) => {
      socket.allowHalfOpen = true
      options.onAgent(socket)
    })
    this.#server.on('tlsClientError', (error, socket) => options.onFailure(error, socket))
  }

  /** Another default certificate, for connections from now on. */
  setDefault(pem: CertificatePem): void {
    this.#server.setSecureContext({ ...TLS_OPTIONS, ...pem })
  }

  /** Takes a connection whose ClientHello is still in its read buffer. */
  take(socket: Socket): void {
    // An agent that does not trust the certificate just ends: half open, that would be waited for until the deadline.
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }
}
