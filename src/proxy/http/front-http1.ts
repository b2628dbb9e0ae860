import type { Socket } from 'node:net'
import type { Clock } from '../../core/clock.js'
import { Deadlines } from './deadlines.js'
import type { FrontConnection, FrontOptions } from './front.js'
import { FrontHttp1Connection, type Http1Shared } from './front-http1-connection.js'

/** HTTP/1.1 with visitors, on connections that others accept. */
export class FrontHttp1 implements Http1Shared {
  readonly options: FrontOptions
  readonly clock: Clock
  draining = false
  readonly #connections = new Map<FrontHttp1Connection, Socket>()
  readonly #deadlines: Deadlines

  constructor(options: FrontOptions, clock: Clock) {
    this.options = options
    this.clock = clock
    this.#deadlines = new Deadlines(clock)
  }

  /** Takes a connection. */
  take(socket: Socket, facts: FrontConnection): void {
    const connection = new FrontHttp1Connection(socket, facts, this)
    if (socket.destroyed) return
    this.#connections.set(connection, socket)
    this.#deadlines.add(connection.deadline)
  }

  /** Lets requests end, and closes what has none. */
  drain(): void {
    this.draining = true
    for (const connection of this.#connections.keys()) connection.drain()
  }

  /** Closes everything. */
  close(): void {
    for (const socket of this.#connections.values()) socket.destroy()
  }

  onGone(connection: FrontHttp1Connection): void {
    if (!this.#connections.delete(connection)) return
    this.#deadlines.delete(connection.deadline)
  }
}
