import { EventEmitter } from 'node:events'

/** One connection through a `tcp` or `tls` tunnel. */
export interface LoggedConnection {
  /** The server's connection id, the same as in its log. */
  readonly id: string
  readonly tunnel: string
  /** The visitor's address, without its port. */
  readonly visitor: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** From the visitor to the upstream, and back; 0 while it is open. */
  bytesIn: number
  bytesOut: number
  /** Null: it is open. */
  durationMs: number | null
  problem: string | null
}

export interface ConnectionLogEvents {
  /** It began, or is over. */
  connection: [connection: LoggedConnection]
  cleared: []
}

/** Connections that are kept. */
const KEPT = 1_000

/** The last connections through `tcp` and `tls` tunnels. */
export class ConnectionLog extends EventEmitter<ConnectionLogEvents> {
  readonly #byId = new Map<string, LoggedConnection>()

  get size(): number {
    return this.#byId.size
  }

  began(connection: LoggedConnection): void {
    this.#byId.delete(connection.id)
    this.#byId.set(connection.id, connection)
    if (this.#byId.size > KEPT) {
      const [oldest] = this.#byId.keys()
      this.#byId.delete(oldest!)
    }
    this.emit('connection', connection)
  }

  /** It is over; nothing happens when it is not kept any more. */
  ended(id: string, end: Pick<LoggedConnection, 'bytesIn' | 'bytesOut' | 'durationMs' | 'problem'>): void {
    const connection = this.#byId.get(id)
    if (connection === undefined) return
    Object.assign(connection, end)
    this.emit('connection', connection)
  }

  get(id: string): LoggedConnection | undefined {
    return this.#byId.get(id)
  }

  /** Newest first. */
  newestFirst(): readonly LoggedConnection[] {
    return [...this.#byId.values()].reverse()
  }

  /** Forgets all. */
  clear(): void {
    this.#byId.clear()
    this.emit('cleared')
  }
}
