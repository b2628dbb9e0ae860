import { Backoff } from '../core/backoff.js'
import { RefusedError, type UniRouteError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { type ServerRefusal, type Bound, type ControlInit, type Refused } from '../protocol/index.js'
import type { Tunnel } from './tunnel.js'

/** What is told of the tunnels of a session. */
export interface BindEvents {
  bound(tunnel: Tunnel): void
  refused(tunnel: Tunnel, error: UniRouteError): void
}

export interface BindsOptions {
  /** The server keeps to the rules and header options of `http` tunnels. */
  readonly knowsOptions: boolean
  readonly events: BindEvents
  /** For messages: `the server HOST:PORT (version 1.2.3)` */
  server(): string
  send(message: ControlInit): void
}

/** The addresses of the tunnels in one session: what is asked for, and what the server gave. */
export class Binds {
  readonly #options: BindsOptions
  readonly #byId = new Map<number, Tunnel>()
  readonly #requests = new Map<number, Tunnel>()
  /** Requests whose tunnels were removed before the answer. */
  readonly #withdrawn = new Set<number>()
  /** Those that ask for what the server does not know: it would leave it out, and serve them all the same. */
  #unkept: Tunnel[] = []
  readonly #rebinds = new Map<Tunnel, NodeJS.Timeout>()
  readonly #rebindDelay = new Backoff({ baseMs: 500, maxMs: 15_000 })
  #lastRequest = 0

  constructor(options: BindsOptions) {
    this.#options = options
  }

  /** The tunnel of an id that the server gave; undefined: there is none (any more). */
  tunnel(id: number): Tunnel | undefined {
    return this.#byId.get(id)
  }

  /** Asks for the addresses of the tunnels. */
  start(tunnels: readonly Tunnel[]): void {
    this.#unkept = tunnels.filter((tunnel) => !this.#isKept(tunnel))
    for (const tunnel of tunnels) if (this.#isKept(tunnel)) this.#bind(tunnel)
  }

  /** Asks for the address of one more. */
  add(tunnel: Tunnel): void {
    if (this.#isKept(tunnel)) return this.#bind(tunnel)
    this.#unkept.push(tunnel)
    this.refuseUnkept()
  }

  /** Gives its address back, and asks for none again. */
  remove(tunnel: Tunnel): void {
    clearTimeout(this.#rebinds.get(tunnel))
    this.#rebinds.delete(tunnel)
    this.#unkept = this.#unkept.filter((each) => each !== tunnel)
    for (const [request, each] of this.#requests) {
      if (each !== tunnel) continue
      this.#requests.delete(request)
      this.#withdrawn.add(request)
    }
    for (const [tunnelId, each] of this.#byId) {
      if (each !== tunnel) continue
      this.#byId.delete(tunnelId)
      this.#options.send({ unbind: { tunnelId } })
    }
  }

  /** Tells of the tunnels that the server could not serve as they ask for; once. */
  refuseUnkept(): void {
    const unkept = this.#unkept
    this.#unkept = []
    for (const tunnel of unkept) {
      const { server, events } = this.#options
      const message = `${server()} does not know the rules and header options of the tunnel "${tunnel.spec.name}", and would serve it without them; update the server, or leave them out`
      const error = new RefusedError('UR_RULE_UNKNOWN', message)
      // Another server may know them, and once one did.
      tunnel.refused(error, !tunnel.proven)
      events.refused(tunnel, error)
    }
  }

  onBound({ request, tunnelId, publicUrl, remotePort }: Bound): void {
    if (this.#withdrawn.delete(request)) return this.#options.send({ unbind: { tunnelId } })
    const tunnel = this.#requests.get(request)
    if (tunnel === undefined) return
    this.#requests.delete(request)
    this.#byId.set(tunnelId, tunnel)
    tunnel.bound(printable(publicUrl), remotePort)
    this.#options.events.bound(tunnel)
  }

  /** A Bind was refused, or a tunnel lost its address. */
  onRefused({ request, tunnelId }: Pick<Refused, 'request' | 'tunnelId'>, error: ServerRefusal): void {
    const [known, id] = request !== 0 ? [this.#requests, request] : [this.#byId, tunnelId]
    const tunnel = known.get(id)
    known.delete(id)
    this.#withdrawn.delete(request)
    if (tunnel !== undefined) this.#onTunnelRefused(tunnel, error)
  }

  /** Asks for no address again. */
  stop(): void {
    for (const timer of this.#rebinds.values()) clearTimeout(timer)
    this.#rebinds.clear()
  }

  #isKept(tunnel: Tunnel): boolean {
    return this.#options.knowsOptions || !tunnel.hasOptions
  }

  #bind(tunnel: Tunnel): void {
    const request = ++this.#lastRequest
    this.#requests.set(request, tunnel)
    this.#options.send({ bind: tunnel.bind(request) })
  }

  /** An address that we had once is asked for until it is free again, unless our own token gave it to someone else. */
  #onTunnelRefused(tunnel: Tunnel, error: ServerRefusal): void {
    const again = error.retryable || (tunnel.proven && error.code !== 'UR_TAKEN_OVER')
    tunnel.refused(error, !again)
    if (again) {
      const timer = setTimeout(
        () => {
          this.#rebinds.delete(tunnel)
          this.#bind(tunnel)
        },
        Math.max(this.#rebindDelay.next(), error.retryAfterMs),
      )
      this.#rebinds.set(tunnel, timer)
    }
    this.#options.events.refused(tunnel, error)
  }
}
