import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { VisitorCertificate } from '../access/visitor-rules/index.js'
import { authoritiesId, type ClientAuthorities } from '../config/index.js'
import { BoundedMap } from '../core/bounded-map.js'
import type { Code } from '../core/error-codes.js'
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

/**
 * What a handshake showed. `socket.authorized` alone says nothing: it is true as well for a session by TLS 1.3 that is
 * resumed and never had a certificate.
 */
function shownIn(socket: TLSSocket, authorities: string): VisitorCertificate {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return { authorities, der: null, problem: null, validTo: 0 }
  const problem = socket.authorized ? null : problemOf(socket)
  return { authorities, der: certificate.raw, problem, validTo: Date.parse(certificate.validTo) }
}

/** Node gives OpenSSL's name of the problem, where its types promise an Error. */
function problemOf({ authorizationError }: TLSSocket): Code {
  return PROBLEMS[String(authorizationError)] ?? 'UR_VISITOR_CERT_UNTRUSTED'
}

const PROBLEMS: Readonly<Record<string, Code>> = {
  CERT_HAS_EXPIRED: 'UR_VISITOR_CERT_EXPIRED',
  CERT_NOT_YET_VALID: 'UR_VISITOR_CERT_EXPIRED',
  INVALID_PURPOSE: 'UR_VISITOR_CERT_PURPOSE',
}
