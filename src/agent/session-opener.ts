import type { TLSSocket } from 'node:tls'
import type { Clock } from '../core/clock.js'
import { NetworkError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { HostPort } from '../config/index.js'
import { agentHandshake, ServerRefusal } from '../protocol/index.js'
import { hostPortText } from './addresses.js'
import type { AgentOptions } from './api.js'
import { attach } from './attach.js'
import type { ServerDialer } from './dial-server.js'
import { helloOf } from './hello.js'
import { Link, type AttachedCarrier, type LinkEvents } from './link.js'
import type { Tunnel } from './tunnel.js'

/** A connection to a server on which nothing was said yet. */
export interface Dialled {
  readonly target: HostPort
  readonly socket: TLSSocket
}

export interface SessionOpenerOptions {
  readonly agent: AgentOptions
  /** The same for as long as the process lives. */
  readonly instanceId: string
  readonly dialer: ServerDialer
  readonly events: LinkEvents
  readonly clock: Clock
  readonly log: Logger
  /** The session that may go on; null: there is none. */
  current(): Link | null
  /** Those that a new session has to have addresses for. */
  tunnels(): readonly Tunnel[]
}

/** Opens sessions with the server, or with those that it names instead, and takes up the one that lost its connections. */
export class SessionOpener {
  /** Where the server told us to go instead. */
  instead: readonly HostPort[] = []
  readonly #options: SessionOpenerOptions

  constructor(options: SessionOpenerOptions) {
    this.#options = options
  }

  /** `answered`: something answered at the address. Throws as `ServerDialer.dial`. */
  async dial(tryNumber: number, signal: AbortSignal, answered?: () => void): Promise<Dialled> {
    const target = this.#targetOf(tryNumber)
    return { target, socket: await this.#options.dialer.dial(target, signal, answered) }
  }

  /** The session that was there if it goes on, else a new one. Throws UniRouteError. */
  async open(dialled: Dialled, signal: AbortSignal): Promise<Link> {
    const { target, socket } = dialled
    const { agent, instanceId, events, clock, log } = this.#options
    const suspect = this.#options.current()
    if (suspect?.resumable) {
      if (await this.#resume(suspect, dialled, signal)) return suspect
      // The server is there, and does not have the session: no reason to wait.
      return this.open(await this.dial(0, signal), signal)
    }
    if (suspect !== null) {
      const why = 'nothing came on it for several seconds, while a new connection got through'
      const message = `the session with ${hostPortText(target)} was given up: ${why}`
      suspect.abandon(new NetworkError('UR_SERVER_LOST', message))
    }
    const hello = helloOf(agent, instanceId)
    const { welcome, head, capabilities } = await agentHandshake(socket, { hello }, { signal })
    return new Link({
      opened: { target, socket, welcome, head, capabilities },
      tunnels: this.#options.tunnels(),
      connections: agent.connections ?? 'auto',
      attach: (link, attachSignal) => this.#attach(link, attachSignal),
      events,
      clock,
      log,
    })
  }

  #targetOf(tryNumber: number): HostPort {
    const current = this.#options.current()
    if (current?.resumable) return current.node
    const targets = [...this.instead, this.#options.agent.server]
    return targets[tryNumber % targets.length]!
  }

  /** Gives a session that lost its connections, or seems to have, this one. False: the server has no such session. */
  async #resume(link: Link, { target, socket }: Dialled, signal: AbortSignal): Promise<boolean> {
    try {
      link.resume(await attach(link, socket, { returns: true, signal }))
      return true
    } catch (error) {
      socket.destroy()
      if (!(error instanceof ServerRefusal) || error.retryable) throw error
      const message = `${hostPortText(target)} does not have the session any more: ${error.message}`
      link.abandon(new NetworkError('UR_SERVER_LOST', message, { cause: error }))
      return false
    }
  }

  async #attach(link: Link, signal: AbortSignal): Promise<AttachedCarrier> {
    return attach(link, await this.#options.dialer.dial(link.node, signal), { returns: false, signal })
  }
}
