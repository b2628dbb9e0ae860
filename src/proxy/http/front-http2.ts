import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../core/clock.js'
import type { FrontConnection, FrontOptions } from './front.js'
import { FrontHttp2Connection } from './http2/connection.js'
import type { Http2Shared, Http2Visit } from './http2/shared.js'

/** How often connections are looked at, ms. */
const LOOK_MS = 500

/** HTTP/2 with visitors, on connections that others accept. */
export class FrontHttp2 implements Http2Shared {
  readonly options: FrontOptions
  readonly clock: Clock
  readonly #connections = new Set<Http2Visit>()
  /** Those that may still take requests, while it drains. */
  readonly #leaving = new Set<Http2Visit>()
  #onAllLeft: () => void = () => undefined
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

  /** Lets requests end, and closes what has none; resolves when no further ones are taken, in a second or two. */
  drain(): Promise<void> {
    for (const connection of this.#connections) if (connection.drain()) this.#leaving.add(connection)
    return new Promise((resolve) => {
      if (this.#leaving.size === 0) resolve()
      else this.#onAllLeft = resolve
    })
  }

  /** Closes everything. */
  close(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  onLeft(connection: Http2Visit): void {
    if (this.#leaving.delete(connection) && this.#leaving.size === 0) this.#onAllLeft()
  }

  onGone(connection: Http2Visit): void {
    this.#connections.delete(connection)
    this.onLeft(connection)
  }

  #look(): void {
    const now = this.clock.now()
    for (const connection of this.#connections) connection.look(now)
    if (this.#connections.size > 0 || this.#looking === null) return
    clearInterval(this.#looking)
    this.#looking = null
  }
}
