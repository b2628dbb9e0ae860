import type { Socket } from 'node:net'
import { AddressCount, AddressRate } from '../access/address-limits.js'
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
  readonly #isProxy: (address: string) => boolean
  readonly #counts = new AddressCount()
  readonly #rates: AddressRate

  /** `isProxy`: an address behind which many visitors are, so that what one may have does not count. */
  constructor(
    limits: () => IngressLimits,
    hooks: IngressHooks,
    log: Logger,
    clock: Clock,
    isProxy: (address: string) => boolean = () => false,
  ) {
    this.#limits = limits
    this.#isProxy = isProxy
    this.#rates = new AddressRate(clock)
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

  /**
   * One more visitor from the IP address `address`: what to call when it is gone. Null: there are too many, and the
   * socket is closed.
   */
  addVisitor(socket: Socket, address: string): (() => void) | null {
    const { connections } = this.#limits()
    if (this.visitors >= connections) {
      return this.#turnAway(socket, 'UR_CONNECTION_LIMIT', { connections }, 'too many visitors')
    }
    const leave = this.#enter(socket, address)
    if (leave === null) return null
    this.visitors++
    return () => {
      this.visitors--
      leave()
    }
  }

  #enter(socket: Socket, address: string): (() => void) | null {
    const { addressConnections: most, addressRate: rate } = this.#limits()
    const counts = (most > 0 || rate > 0) && !this.#isProxy(address)
    if (counts && !this.#rates.take(address, rate)) {
      return this.#turnAway(socket, 'UR_ADDRESS_RATE', { remote: address }, 'too many new visitors from one address')
    }
    const leave = this.#counts.enter(address, counts ? most : 0)
    if (leave !== null) return leave
    return this.#turnAway(socket, 'UR_ADDRESS_CONNECTIONS', { remote: address }, 'too many visitors from one address')
  }

  #turnAway(socket: Socket, code: Code, fields: Readonly<Record<string, unknown>>, message: string): null {
    socket.destroy()
    this.rejected(code, fields, message)
    return null
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
