import type { Socket } from 'node:net'
import type { Clock } from '../core/clock.js'
import type { Code } from '../core/error-codes.js'
import type { Logger } from '../core/logger.js'
import { ThrottledLog } from '../core/throttled-log.js'
import type { NumberName } from '../metrics/index.js'
import type { IngressHooks, IngressLimits } from './api.js'

/** Counts public connections against their bounds. One for all listeners of the process. */
export class Admission {
  /** Visitors that have a stream. */
  visitors = 0
  /** Connections that have not said who they are, the oldest first. */
  readonly #pending = new Set<Socket>()
  readonly #limits: () => IngressLimits
  readonly #hooks: IngressHooks
  readonly #log: ThrottledLog

  constructor(limits: () => IngressLimits, hooks: IngressHooks, log: Logger, clock: Clock) {
    this.#limits = limits
    this.#hooks = hooks
    this.#log = new ThrottledLog(log, clock)
  }

  get pending(): number {
    return this.#pending.size
  }

  /** A connection that must say who it is. When there are too many, the one that was silent longest goes. */
  addPending(socket: Socket): void {
    this.#pending.add(socket)
    socket.once('close', () => this.#pending.delete(socket))
    if (this.#pending.size <= this.#limits().pendingConnections) return
    for (const oldest of this.#pending) {
      this.#pending.delete(oldest)
      oldest.destroy()
      this.rejected('UR_PENDING_LIMIT', { pending: this.#pending.size }, 'too many silent connections')
      return
    }
  }

  /** It said who it is. */
  removePending(socket: Socket): void {
    this.#pending.delete(socket)
  }

  /** One more visitor, unless there are too many: then the socket is closed. Pair with `visitorGone`. */
  addVisitor(socket: Socket): boolean {
    const { connections } = this.#limits()
    if (this.visitors < connections) {
      this.visitors++
      return true
    }
    socket.destroy()
    this.rejected('UR_CONNECTION_LIMIT', { connections }, 'too many visitors')
    return false
  }

  visitorGone(): void {
    this.visitors--
  }

  /** Counts and logs a connection that is turned away. */
  rejected(code: Code, fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#hooks.rejected(code)
    this.#log.warn(code, fields, message)
  }

  /** For the metrics page. */
  numbers(): Partial<Record<NumberName, number>> {
    return { connections: this.visitors + this.#pending.size, pendingConnections: this.#pending.size }
  }

  /** Closes what has not said who it is. */
  close(): void {
    for (const socket of this.#pending) socket.destroy()
    this.#pending.clear()
  }
}
