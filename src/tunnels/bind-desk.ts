import { LimitError, NetworkError, RefusedError, UniRouteError } from '../core/errors.js'
import type { Code } from '../core/error-codes.js'
import type { Logger } from '../core/logger.js'
import type { ThrottledLog } from '../core/throttled-log.js'
import { refusedOf, type Bind, type ControlInit } from '../protocol/index.js'
import type { AgentSession } from './agent-session.js'
import { clip } from './clip.js'
import type { AgentSessionContext } from './session-context.js'
import type { Tunnel } from './tunnel.js'

/** What the desk needs of its session. */
export interface BindDeskOptions {
  readonly session: AgentSession
  readonly context: AgentSessionContext
  readonly log: Logger
  /** For what an agent can provoke as often as it likes. */
  readonly throttled: ThrottledLog
  /** No new tunnels are bound. */
  leaving(): boolean
  send(message: ControlInit): void
  /** Frees the address of a tunnel that came too late. */
  unbind(tunnel: Tunnel, why: Code): void
}

/** Answers the Binds of one session. */
export class BindDesk {
  readonly #options: BindDeskOptions
  #binding = 0

  constructor(options: BindDeskOptions) {
    this.#options = options
  }

  /** Binds, and tells the agent how that went. Never rejects. */
  async bind(bind: Bind): Promise<void> {
    this.#binding++
    try {
      await this.#bind(bind)
    } catch (error) {
      this.#refuse(bind, error)
    } finally {
      this.#binding--
    }
  }

  async #bind(bind: Bind): Promise<void> {
    const { session, context, log, send, leaving, unbind } = this.#options
    const { tunnelsPerSession } = context.limits()
    if (leaving()) throw new RefusedError('UR_SERVER_DRAINING', 'No new tunnels: the session is closing.')
    if (session.tunnels.size + this.#binding > tunnelsPerSession) {
      const message = `A session may have ${tunnelsPerSession} tunnels (limits.tunnels_per_session), and has them.`
      throw new LimitError('UR_TUNNEL_LIMIT', message)
    }
    const tunnel = await context.binder.bind(session, bind)
    if (session.closed) {
      unbind(tunnel, 'UR_AGENT_GONE')
      return
    }
    const lost = context.binder.late(tunnel)
    if (lost !== null) {
      unbind(tunnel, lost.code)
      throw lost
    }
    session.tunnels.set(tunnel.id, tunnel)
    const { id: tunnelId, publicUrl, port } = tunnel
    send({ bound: { request: bind.request, tunnelId, publicUrl, remotePort: port ?? 0 } })
    tunnel.announced()
    context.observer.tunnelBound(tunnel)
    log.info({ tunnel: tunnelId, name: tunnel.name, url: publicUrl }, 'tunnel bound')
  }

  #refuse({ request, name }: Bind, error: unknown): void {
    const { context, throttled, leaving, send } = this.#options
    const retryable = error instanceof NetworkError || leaving() || !(error instanceof UniRouteError)
    send({ refused: refusedOf(error, { request, retryable }) })
    const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
    context.hooks.bindRefused(code)
    if (error instanceof UniRouteError) {
      throttled.warn(code, { name: clip(name), reason: clip(error.message) }, 'bind refused')
    } else throttled.error(code, { name: clip(name), err: error }, 'bind failed')
  }
}
