import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { VisitorCertificate } from '../access/visitor-rules/index.js'
import { authoritiesId, type ClientAuthorities } from '../config/index.js'
import { BoundedMap } from '../core/bounded-map.js'
import { shownIn } from '../proxy/http/index.js'
import { type CertificatePem, TlsServer, type TlsServerOptions } from './tls-server.js'

/** Sets of authorities whose servers are kept; visitors of one that was forgotten cannot resume their sessions. */
const MOST_SETS = 256

/** As of `TlsServer`; `onSecure` is told of the visitor's certificate too. */
export interface CertificateServersOptions<Facts> extends Omit<TlsServerOptions<Facts>, 'clients' | 'onSecure'> {
  onSecure(socket: TLSSocket, facts: Facts, certificate: VisitorCertificate): void
}

/**
 * TLS with visitors who are asked for certificates: a server for each set of authorities, with keys for session tickets
 * of its own, so that no session is resumed that was verified against others, or not at all. A visitor who shows none, or
 * none that is accepted, gets through the handshake: whether he may have anything is asked for each request.
 */
export class CertificateServers<Facts> {
  readonly #options: CertificateServersOptions<Facts>
  readonly #servers = new BoundedMap<TlsServer<Facts>>(MOST_SETS)
  #defaultPem: CertificatePem

  constructor(options: CertificateServersOptions<Facts>) {
    this.#options = options
    this.#defaultPem = options.defaultPem
  }

  /** Takes a connection whose ClientHello is still in its read buffer. */
  take(socket: Socket, facts: Facts, clients: ClientAuthorities): void {
    const id = authoritiesId(clients)
    let server = this.#servers.get(id)
    if (server === undefined) this.#servers.set(id, (server = this.#serverFor(clients, id)))
    server.take(socket, facts)
  }

  /** Another default certificate, for connections from now on. */
  setDefault(pem: CertificatePem): void {
    this.#defaultPem = pem
    for (const server of this.#servers.values()) server.setDefault(pem)
  }

  /** As of `TlsServer`. */
  rotateTicketKeys(): void {
    for (const server of this.#servers.values()) server.rotateTicketKeys()
  }

  #serverFor(clients: ClientAuthorities, id: string): TlsServer<Facts> {
    const { onSecure, ...options } = this.#options
    return new TlsServer({
      ...options,
      defaultPem: this.#defaultPem,
      clients,
      onSecure: (socket, facts) => onSecure(socket, facts, shownIn(socket, id)),
    })
  }
}
