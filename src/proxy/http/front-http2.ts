import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../core/clock.js'
import type { FrontConnection, FrontOptions } from './front.js'
import { FrontHttp2Connection, type Http2Shared } from './http2/connection.js'

/** How often connections are looked at, ms. */
const LOOK_MS = 500

/** HTTP/2 with visitors, on connections that others accept. */
export class FrontHttp2 implements Http2Shared {
  readonly options: FrontOptions
  readonly clock: Clock
  readonly #connections = new Set<FrontHttp2Connection>()
  #looking: NodeJS.Timeout | null = null

  constructor(options: FrontOptions, clock: Clock) {
    this.options = options
    this.clock = clock
  }

  /** Takes a connection that chose `h2`. */
  take(socket: TLSSocket, facts: FrontConnection): void {
    const connection = new FrontHttp2Connection(socket, facts, this)
    if (socket.destroyed) return
    this.#connections.add(connection)
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** Lets requests end, and closes what has none. */
  drain(): void {
    for (const connection of this.#connections) connection.drain()
  }

  /** Closes everything. */
  close(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  onGone(connection: FrontHttp2Connection): void {
    this.#connections.delete(connection)
  }

  #look(): void {
    const now = this.clock.now()
    for (const connection of this.#connections) connection.look(now)
    if (this.#connections.size > 0 || this.#looking === null) return
    clearInterval(this.#looking)
    this.#looking = null
  }
}
