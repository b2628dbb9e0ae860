import type { Duplex } from 'node:stream'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import { clientTrust } from '../../certs/book.js'
import { tlsOptions } from '../../certs/tls-options.js'
import type { ClientAuthorities } from '../../config/index.js'

export interface HandshakesOptions {
  /** Protocols that are spoken, the best first; empty: none is chosen. */
  readonly alpn: readonly string[]
  /** Those who are to vouch for the certificates of visitors, who are asked for one; undefined: nobody is. */
  readonly clients?: ClientAuthorities | undefined
  /** Time for a handshake, and for the certificate that it may have to wait for, ms. */
  readonly timeoutMs: number
}

/** Called once: what came of a handshake, or why it failed. */
export interface HandshakeEvents {
  /** The context for a server name; undefined: there is none, and the handshake fails. */
  choose(serverName: string): Promise<SecureContext | undefined>
  secure(socket: TLSSocket): void
  failed(error: Error): void
}

/** Keys as Node wants them for session tickets: a name, and keys for HMAC and AES, of 16 bytes each. */
export const TICKET_KEY_BYTES = 48

/**
 * Handshakes of Node's TLS on streams that are no sockets. Node's server does not say which stream a connection was made
 * of: each has one handshake at a time, and serves the next one after that.
 */
export class Handshakes {
  readonly #options: HandshakesOptions
  #ticketKeys: Buffer
  #free: OneHandshake[] = []

  constructor(options: HandshakesOptions, ticketKeys: Buffer) {
    this.#options = options
    this.#ticketKeys = ticketKeys
  }

  /** For handshakes from now on. */
  set ticketKeys(keys: Buffer) {
    this.#ticketKeys = keys
    this.#free = []
  }

  /** Takes a stream whose ClientHello was not read yet. */
  take(duplex: Duplex, events: HandshakeEvents): void {
    const keys = this.#ticketKeys
    const one = this.#free.pop() ?? new OneHandshake(this.#options, keys)
    one.take(duplex, events, () => {
      if (keys === this.#ticketKeys && this.#free.length < MOST_FREE) this.#free.push(one)
    })
  }
}

/** Kept for the next ones. */
const MOST_FREE = 16

class OneHandshake {
  readonly #server: Server
  #events: HandshakeEvents | null = null
  #duplex: Duplex | null = null
  #isOver: () => void = ignore

  constructor({ alpn, clients, timeoutMs }: HandshakesOptions, ticketKeys: Buffer) {
    this.#server = createServer({
      ...tlsOptions('TLSv1.2'),
      ticketKeys,
      sessionIdContext: 'uniroute',
      ...(clients !== undefined && clientTrust(clients)),
      // Who shows none that is accepted is told so in an answer to his request.
      requestCert: clients !== undefined,
      rejectUnauthorized: false,
      handshakeTimeout: timeoutMs,
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      SNICallback: (name, chosen) => {
        const events = this.#events
        if (events === null) return chosen(null, undefined)
        void events.choose(name).then((context) => chosen(null, context))
      },
    })
    this.#server.on('secureConnection', (socket) => {
      socket.on('error', ignore)
      // From now on each side ends on its own.
      socket.allowHalfOpen = true
      if (this.#duplex !== null) this.#duplex.allowHalfOpen = true
      this.#end()?.secure(socket)
    })
    this.#server.on('tlsClientError', (error, socket) => {
      socket.on('error', ignore).destroy()
      this.#end()?.failed(error)
    })
  }

  take(duplex: Duplex, events: HandshakeEvents, isOver: () => void): void {
    this.#events = events
    this.#duplex = duplex
    this.#isOver = isOver
    duplex.on('error', ignore)
    // Node says nothing of a connection that was reset in the middle.
    duplex.once('close', () => {
      if (this.#events === events) this.#end()?.failed(new Error('the connection was broken off'))
    })
    // A client that does not trust the certificate just ends: half open, that would be waited for until the deadline.
    duplex.allowHalfOpen = false
    this.#server.emit('connection', duplex)
  }

  #end(): HandshakeEvents | null {
    const events = this.#events
    this.#events = null
    this.#duplex = null
    if (events !== null) this.#isOver()
    return events
  }
}

/** 'close' follows an error, and is what counts. */
function ignore(): void {}
