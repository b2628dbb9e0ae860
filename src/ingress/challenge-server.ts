import type { Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import { answerAndClose } from './listener.js'
import { TlsServer, type CertificatePem } from './tls-server.js'

/** What a certificate authority asks for when it looks for a proof in TLS (RFC 8737 §6.2). */
export const CHALLENGE_ALPN = 'acme-tls/1'

export interface ChallengeServerOptions {
  readonly defaultPem: CertificatePem
  readonly handshakeTimeoutMs: number
  onFailure(error: Error, socket: TLSSocket): void
}

/** Shows the certificates that prove names, and nothing else: a connection ends with its handshake. */
export class ChallengeServer {
  readonly #server: TlsServer<null>
  /** Of the names that are asked for now, and by how many connections. */
  readonly #contexts = new Map<string, { readonly context: SecureContext; connections: number }>()

  constructor(options: ChallengeServerOptions) {
    this.#server = new TlsServer({
      ...options,
      contextFor: (name) => this.#contexts.get(name.toLowerCase())?.context ?? null,
      alpn: [CHALLENGE_ALPN],
      minVersion: 'TLSv1.2',
      onSecure: (socket) => answerAndClose(socket, NOTHING),
    })
  }

  /** Takes a connection whose ClientHello, for this server name, is still in its read buffer. */
  take(socket: Socket, serverName: string, context: SecureContext): void {
    if (socket.destroyed) return
    const connections = (this.#contexts.get(serverName)?.connections ?? 0) + 1
    this.#contexts.set(serverName, { context, connections })
    socket.once('close', () => this.#left(serverName))
    this.#server.take(socket, null)
  }

  #left(serverName: string): void {
    const entry = this.#contexts.get(serverName)
    if (entry !== undefined && --entry.connections === 0) this.#contexts.delete(serverName)
  }
}

const NOTHING = new Uint8Array(0)
