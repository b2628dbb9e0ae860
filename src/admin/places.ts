import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from '../access/failed-logins.js'

type Key = string | Socket

interface Connection {
  readonly key: Key
  readonly socket: Socket
  /** IPv4 address, or the /64 of an IPv6 one; empty on a Unix socket. */
  readonly network: string
  /** Requests that came whole and have no answer yet. */
  busy: number
}

/**
 * Bounds the connections of a listener so that a request always gets in. When there are too many, one goes of the address
 * that has most of those without a whole request, the one that was silent longest. Only where all have a request under
 * way is a new one closed.
 */
export class Places {
  /** By `keyOf`; those without a request stand in the order in which they fell silent. */
  readonly #connections = new Map<Key, Connection>()
  readonly #most: number
  readonly #onFull: (address: string) => void

  /** `onFull` is told the address whose connection was closed. */
  constructor(server: Server, most: number, onFull: (address: string) => void) {
    this.#most = most
    this.#onFull = onFull
    server.on('connection', (socket: Socket) => this.#enter(socket))
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#work(request, response))
  }

  #enter(socket: Socket): void {
    const { remoteAddress: address = '' } = socket
    if (this.#connections.size >= this.#most) {
      const idlest = this.#idlest()
      const closed = idlest?.socket ?? socket
      this.#onFull(closed.remoteAddress ?? '')
      closed.destroy()
      if (idlest === null) return
      this.#connections.delete(idlest.key)
    }
    const key = keyOf(socket)
    const connection = { key, socket, network: address === '' ? '' : networkOf(address), busy: 0 }
    this.#connections.set(key, connection)
    socket.once('close', () => {
      if (this.#connections.get(key) === connection) this.#connections.delete(key)
    })
  }

  #work(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(keyOf(request.socket))
    if (connection === undefined) return
    let counted = 0
    const count = (): void => void (connection.busy += counted = 1)
    // A body that comes slowly is no reason to stay.
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
    if (coding === undefined && Number(length) === 0) count()
    else request.once('end', count)
    response.once('close', () => {
      request.off('end', count)
      connection.busy -= counted
      if (this.#connections.get(connection.key) !== connection) return
      this.#connections.delete(connection.key)
      this.#connections.set(connection.key, connection)
    })
  }

  #idlest(): Connection | null {
    const silent = [...this.#connections.values()].filter(({ busy }) => busy === 0)
    const counts = new Map<string, number>()
    for (const { network } of silent) counts.set(network, (counts.get(network) ?? 0) + 1)
    const most = Math.max(...counts.values())
    return silent.find(({ network }) => counts.get(network) === most) ?? null
  }
}

/** The same for a TLS socket and the connection below it. */
function keyOf(socket: Socket): Key {
  const { remoteAddress, remotePort } = socket
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`
}
