import { ConfigError, NetworkError, UniRouteError } from '../core/errors.js'
import type { HostPort } from '../config/index.js'
import { hostPortText } from './addresses.js'
import type { AgentState, TunnelSpec, TunnelStatus } from './api.js'
import type { Endings } from './endings.js'
import type { Link } from './link.js'
import { Starts } from './starts.js'
import type { Tunnel } from './tunnel.js'

/** What the server may take to answer a Bind that somebody waits for, ms. */
const BIND_MS = 15_000

export interface TunnelListOptions {
  readonly endings: Endings
  /** All tunnels of the agent; it is changed in place. */
  readonly tunnels: Tunnel[]
  tunnelOf(spec: TunnelSpec): Tunnel
  /** The session by which new visitors come; null: there is none. */
  session(): Link | null
  /** Every session that has visitors. */
  sessions(): readonly Link[]
  /** Why there is no answer of the server. */
  away(): UniRouteError
}

/** The tunnels of an agent, which may come and go while it runs. */
export class TunnelList {
  /** Those that somebody waits for. */
  readonly #starts = new Starts()
  readonly #options: TunnelListOptions

  constructor(options: TunnelListOptions) {
    this.#options = options
  }

  /** As `Agent.addTunnel`, for a session that is there. */
  async add(spec: TunnelSpec): Promise<Tunnel> {
    const { endings, tunnels, tunnelOf, session, away } = this.#options
    this.#checkFree(spec.name)
    const tunnel = tunnelOf(spec)
    const answer = this.#starts.begin(tunnel, BIND_MS, away)
    try {
      await endings.add(tunnel)
      if (this.#starts.has(tunnel)) {
        tunnels.push(tunnel)
        session()?.bind(tunnel)
      }
      await answer
      return tunnel
    } catch (error) {
      this.#starts.fail(tunnel, error as UniRouteError)
      this.#drop(tunnel)
      throw error
    }
  }

  /** As `Agent.removeTunnel`. Null: there is none of that name. */
  remove(name: string): Tunnel | null {
    const tunnel = this.#find(name)
    if (tunnel === undefined) return null
    this.#starts.fail(tunnel, closed(tunnel))
    this.#drop(tunnel)
    return tunnel
  }

  /** Those that have an address, once each has an address or a refusal and one its address; null: not yet. */
  ready(): TunnelStatus[] | null {
    const { tunnels } = this.#options
    const bound = tunnels.filter(({ state }) => state === 'bound')
    const answered = tunnels.every(({ state, problem }) => state === 'bound' || problem !== null)
    return bound.length > 0 && answered ? bound.map((tunnel) => tunnel.status()) : null
  }

  bound(tunnel: Tunnel): void {
    this.#starts.bound(tunnel)
  }

  /** False: nobody waits for this one, and it stays. */
  refused(tunnel: Tunnel, error: UniRouteError): boolean {
    if (!this.#starts.fail(tunnel, error)) return false
    this.#drop(tunnel)
    return true
  }

  /** There is no session any more that an answer could come by. */
  offline(): void {
    this.#starts.failAll(this.#options.away())
  }

  #checkFree(name: string): void {
    if (this.#find(name) === undefined) return
    const message = `the agent has a tunnel "${name}" already; choose another name, or stop that one first`
    throw new ConfigError('UR_TUNNEL_EXISTS', message)
  }

  #find(name: string): Tunnel | undefined {
    return this.#options.tunnels.find(({ spec }) => spec.name === name) ?? this.#starts.find(name)
  }

  #drop(tunnel: Tunnel): void {
    const { endings, tunnels, sessions } = this.#options
    const at = tunnels.indexOf(tunnel)
    if (at >= 0) tunnels.splice(at, 1)
    for (const session of sessions()) session.unbind(tunnel)
    tunnel.cut(closed(tunnel))
    endings.remove(tunnel)
  }
}

function closed({ spec: { name } }: Tunnel): UniRouteError {
  return new UniRouteError('UR_TUNNEL_CLOSED', `the tunnel "${name}" was stopped`)
}

/** Why no tunnel can be started now, by an agent in this state. */
export function noAnswer(state: AgentState, server: HostPort): NetworkError {
  if (state === 'draining' || state === 'closed') {
    return new NetworkError('UR_AGENT_DRAINING', 'the agent is stopping, and starts no tunnels')
  }
  const why = state === 'online' ? 'it did not answer in time' : 'the agent has no session with it'
  return new NetworkError(
    'UR_SERVER_AWAY',
    `no address was got from the server ${hostPortText(server)}: ${why}; try again`,
  )
}
