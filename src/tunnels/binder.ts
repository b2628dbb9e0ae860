import type { Clock } from '../core/clock.js'
import { LimitError, RefusedError, UniRouteError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { Kind, type Bind } from '../protocol/index.js'
import type { AgentSession } from './agent-session.js'
import type { AddressGate, PortOpener, PublicUrl, TunnelFacts, TunnelTable } from './api.js'
import { checkRights, checkRoom, factsOf, freeGhost } from './bind-rights.js'
import { HostBinder } from './host-binder.js'
import { addressLost, digest, holderText, isGhost, ownedByOther, takenOver } from './ownership.js'
import { PortBook } from './port-book.js'
import type { PortRanges } from './port-ranges.js'
import { Tunnel } from './tunnel.js'

export interface BinderOptions {
  readonly opener: PortOpener
  readonly table: TunnelTable
  readonly addresses: AddressGate
  readonly ports: PortRanges
  /** The server's own name; tunnels without a domain get a name below it. */
  readonly domain: string
  /** The address of a tunnel as visitors type it. */
  readonly publicUrl: PublicUrl
  readonly clock: Clock
  /** Live sessions of a token. */
  sessionsOf(tokenId: string): Iterable<AgentSession>
}

/** Decides which tunnel gets which public address, and who must give one up for it. */
export class Binder {
  readonly #options: BinderOptions
  readonly #ports: PortBook
  readonly #hosts: HostBinder
  #lastId = 0

  constructor(options: BinderOptions) {
    this.#options = options
    this.#ports = new PortBook(options.opener, options.table)
    this.#hosts = new HostBinder({ ...options, nextId: () => ++this.#lastId })
  }

  /**
   * Binds what an agent asks for; the address may be taken over from another session of the same token.
   * Throws RefusedError or LimitError, whose code goes to the agent.
   */
  async bind(session: AgentSession, bind: Bind): Promise<Tunnel> {
    if (bind.name === '' || bind.name.length > 100 || bind.name !== printable(bind.name)) {
      throw new RefusedError('UR_BIND_INVALID', 'A tunnel needs a name of 1 to 100 printable characters.')
    }
    if (bind.httpOptions && bind.kind !== Kind.KIND_HTTP) {
      throw new RefusedError('UR_BIND_INVALID', 'Rules for requests and header fields are for tunnels of kind http.')
    }
    return this.#bindWithRoom(session, bind)
  }

  /** Why a tunnel that was just bound may not be after all; null: it may. */
  late(tunnel: Tunnel): UniRouteError | null {
    // Another session may have taken the address while it was opened.
    if (!tunnel.bound) return takenOver(tunnel)
    const { rights } = tunnel.session
    return rights.problemOf(factsOf(tunnel)) ?? rights.tunnelProblem(rights.tunnels) ?? this.lost(tunnel)
  }

  /** Why the tunnel's account may not have its address, if that became so after it was bound; null: it may. */
  lost(tunnel: Tunnel): RefusedError | null {
    const { addresses } = this.#options
    const { accountId } = tunnel.session.token
    try {
      if (tunnel.port !== null) addresses.checkPort(tunnel.port, accountId)
      else if (tunnel.host !== null) addresses.checkHost(tunnel.host, accountId)
      return null
    } catch (error) {
      if (error instanceof RefusedError) return addressLost(tunnel, error)
      throw error
    }
  }

  /** Forgets names whose agents are away and whose accounts may not have them any more. */
  forgetLost(): void {
    this.#hosts.forgetLost()
  }

  /** Where a token has all the tunnels that it may, one of a session that does not answer any more gives way. */
  async #bindWithRoom(session: AgentSession, bind: Bind): Promise<Tunnel> {
    try {
      return await this.#bindKind(session, bind)
    } catch (error) {
      if (!(error instanceof UniRouteError) || error.code !== 'UR_QUOTA_TUNNELS') throw error
      if (!(await freeGhost(session, bind, this.#options.sessionsOf(session.token.id)))) throw error
    }
    return this.#bindKind(session, bind)
  }

  async #bindKind(session: AgentSession, bind: Bind): Promise<Tunnel> {
    switch (bind.kind) {
      case Kind.KIND_TCP:
        return bind.remotePort === 0 ? this.#bindAnyPort(session, bind) : this.#bindPort(session, bind)
      case Kind.KIND_TLS:
      case Kind.KIND_HTTP:
        return this.#hosts.bind(session, bind)
      default:
        throw new RefusedError(
          'UR_KIND_UNSUPPORTED',
          `This server has no tunnels of kind ${Kind[bind.kind] ?? bind.kind}; it has tcp, tls and http.`,
        )
    }
  }

  /** Frees the tunnel's address, unless it was handed on already. */
  release(tunnel: Tunnel): void {
    this.#ports.release(tunnel)
    this.#hosts.release(tunnel)
  }

  // tcp

  async #bindPort(session: AgentSession, bind: Bind): Promise<Tunnel> {
    const port = bind.remotePort
    const ranges = this.#ranges()
    if (ranges.find(port) === undefined) {
      throw new RefusedError(
        'UR_PORT_RANGE',
        `Port ${port} is not in this server's range ${String(ranges)}; choose one inside, or none.`,
      )
    }
    checkRights(session, factsOfPort(port))
    this.#options.addresses.checkPort(port, session.token.accountId)
    const holder = this.#ports.holder(port)
    if (holder !== undefined && !ownedByOther(holder, session)) {
      throw new RefusedError(
        'UR_PORT_TAKEN',
        `Port ${port} is bound by ${holderText(holder, session)}; choose another.`,
      )
    }
    return this.#givePort(port, session, bind, holder)
  }

  async #bindAnyPort(session: AgentSession, bind: Bind): Promise<Tunnel> {
    for (const port of this.#candidates(session, bind)) {
      if (!session.rights.allowsPort(port) || !this.#mayHave(port, session)) continue
      const holder = this.#ports.holder(port)
      if (holder !== undefined) {
        const wanted = port === bind.preferredPort || holder.name === bind.name
        if (!wanted || !(await isGhost(holder, session)) || this.#ports.holder(port) !== holder) continue
      }
      try {
        return await this.#givePort(port, session, bind, holder)
      } catch (error) {
        if (!(error instanceof UniRouteError) || error.code !== 'UR_PORT_TAKEN') throw error
      }
    }
    const range = `this server's range ${String(this.#ranges())}`
    throw new LimitError('UR_PORTS_EXHAUSTED', `No port that the token may have is free in ${range}.`)
  }

  /** The port that the agent had before, then one that follows from token and name, then those after it. */
  *#candidates(session: AgentSession, bind: Bind): Generator<number> {
    const ranges = this.#ranges()
    if (ranges.find(bind.preferredPort) !== undefined) yield bind.preferredPort
    const start = digest(session, bind.name).readUInt32BE(0) % ranges.size
    for (let i = 0; i < ranges.size; i++) yield ranges.at((start + i) % ranges.size)
  }

  async #givePort(port: number, session: AgentSession, bind: Bind, holder: Tunnel | undefined): Promise<Tunnel> {
    checkRights(session, factsOfPort(port))
    checkRoom(session, holder === undefined ? 0 : 1)
    const url = this.#options.publicUrl('tcp', null, port)
    const tunnel = new Tunnel(
      ++this.#lastId,
      session,
      { kind: Kind.KIND_TCP, name: bind.name, holdMs: bind.holdMs },
      { port },
      url,
    )
    const given = this.#ports.give(port, tunnel)
    if (holder !== undefined) holder.session.loseTunnel(holder, takenOver(holder))
    try {
      await given
    } catch (error) {
      tunnel.unbind()
      throw error
    }
    return tunnel
  }

  #ranges(): PortRanges {
    const { ports } = this.#options
    if (ports.size > 0) return ports
    throw new RefusedError('UR_KIND_UNSUPPORTED', 'This server offers no TCP ports (listen.tcp_ports is empty).')
  }

  #mayHave(port: number, session: AgentSession): boolean {
    try {
      this.#options.addresses.checkPort(port, session.token.accountId)
      return true
    } catch (error) {
      if (error instanceof RefusedError) return false
      throw error
    }
  }
}

function factsOfPort(port: number): TunnelFacts {
  return { kind: 'tcp', port, host: null, rules: null }
}
