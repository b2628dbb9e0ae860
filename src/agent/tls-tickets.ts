import type { TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'

/** Tickets kept for one server, the newest: as many connections as an agent may have, which return together. */
const KEPT = 8
/** Servers remembered, those last spoken to. */
const SERVERS = 4

interface Kept {
  /** What the certificate was verified against. */
  readonly trust: SecureContext | undefined
  readonly tickets: Buffer[]
}

/**
 * Tickets with which TLS is resumed (RFC 8446 §4.6.1): a server to which many agents return at once saves half of its
 * work, and the agent does not verify again what it verified when it got the ticket. Keys are fresh all the same
 * (psk_dhe_ke). Each ticket is used once, so that nobody on the way can tell by it who moved from one network to another.
 */
export class TlsTickets {
  readonly #servers = new Map<string, Kept>()

  /** Keeps the tickets that `socket` will get from `server`; it must have been verified against `trust` before. */
  collect(server: string, trust: SecureContext | undefined, socket: TLSSocket): void {
    socket.on('session', (ticket: Buffer) => {
      const { tickets } = this.#keptOf(server, trust)
      tickets.push(ticket)
      if (tickets.length > KEPT) tickets.shift()
    })
  }

  /** A ticket of `server`, given once; undefined: there is none, or the certificate would be verified against other authorities. */
  take(server: string, trust: SecureContext | undefined): Buffer | undefined {
    const kept = this.#servers.get(server)
    return kept?.trust === trust ? kept?.tickets.pop() : undefined
  }

  #keptOf(server: string, trust: SecureContext | undefined): Kept {
    const known = this.#servers.get(server)
    const kept = known?.trust === trust && known !== undefined ? known : { trust, tickets: [] }
    this.#servers.delete(server)
    this.#servers.set(server, kept)
    for (const oldest of this.#servers.keys()) {
      if (this.#servers.size <= SERVERS) break
      this.#servers.delete(oldest)
    }
    return kept
  }
}
