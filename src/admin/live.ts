import type { Clock } from '../core/clock.js'
import {
  kindName,
  type Agents,
  type AgentSession,
  type OpenStream,
  type Traffic,
  type Tunnel as Bound,
} from '../tunnels/index.js'
import { cursorOf, pageOf, partsOf, type PageRequest } from './cursors.js'
import { AdminError } from './problems.js'
import type { Page, Session, Stream, Tunnel } from './schemas.js'

export interface LiveStateOptions {
  readonly agents: () => Pick<Agents, 'sessions' | 'session' | 'countTraffic'>
  readonly clock: Clock
}

interface Rate {
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes a second. */
  readonly in: number
  readonly out: number
}

const STILL: Rate = { bytesIn: 0, bytesOut: 0, in: 0, out: 0 }

/** What is connected and bound now, and how many bytes a second pass. */
export class LiveState {
  readonly #options: LiveStateOptions
  readonly #boundAt = new WeakMap<Bound, number>()
  #rates = new Map<Bound, Rate>()
  #sampledAt: number

  constructor(options: LiveStateOptions) {
    this.#options = options
    this.#sampledAt = options.clock.now()
  }

  tunnelBound(tunnel: Bound): void {
    this.#boundAt.set(tunnel, this.#options.clock.now())
  }

  /** Takes the rates anew: what has passed since the last time. To be called every few seconds. */
  sample(): void {
    const { agents, clock } = this.#options
    agents().countTraffic()
    const now = clock.now()
    const seconds = Math.max((now - this.#sampledAt) / 1000, 0.001)
    this.#sampledAt = now
    const rates = new Map<Bound, Rate>()
    for (const tunnel of this.#tunnels()) {
      const { bytesIn, bytesOut } = tunnel.traffic
      const before = this.#rates.get(tunnel) ?? STILL
      const rate = { in: (bytesIn - before.bytesIn) / seconds, out: (bytesOut - before.bytesOut) / seconds }
      rates.set(tunnel, { bytesIn, bytesOut, ...rate })
    }
    this.#rates = rates
  }

  /** Sums for the whole server. */
  totals(): { sessions: number; tunnels: number; streams: number; rate_in: number; rate_out: number } {
    const totals = { sessions: 0, tunnels: 0, streams: 0 }
    for (const session of this.#options.agents().sessions()) {
      totals.sessions++
      totals.tunnels += session.tunnels.size
      totals.streams += session.visitors
    }
    return { ...totals, ...sumOf(this.#rates.values()) }
  }

  sessions(request: PageRequest): Page<Session> {
    const sessions = [...this.#options.agents().sessions()].sort((a, b) => (a.id < b.id ? -1 : 1))
    const [after = ''] = partsOf(request.cursor, 1) ?? []
    const wanted = sessions.filter(({ id }) => id > after)
    return pageOf(wanted, request.limit, ({ id }) => [id], this.showSession)
  }

  /** Throws AdminError 404 UR_ADMIN_NOT_FOUND. */
  session(id: string): Session {
    return this.showSession(this.find(id))
  }

  /** The live session itself. Throws AdminError 404 UR_ADMIN_NOT_FOUND. */
  find(id: string): AgentSession {
    const session = this.#options.agents().session(id)
    if (session === undefined) throw notFound('session')
    return session
  }

  /** `sessionId`: of one session only. */
  tunnels(request: PageRequest, sessionId?: string): Page<Tunnel> {
    const tunnels = [...this.#tunnels()].sort((a, b) => a.id - b.id)
    const after = Number(partsOf(request.cursor, 1)?.[0] ?? 0)
    const wanted = tunnels.filter(
      ({ id, session }) => id > after && (sessionId === undefined || session.id === sessionId),
    )
    return pageOf(wanted, request.limit, ({ id }) => [String(id)], this.showTunnel)
  }

  /** Throws AdminError 404 UR_ADMIN_NOT_FOUND. */
  tunnel(id: string): Tunnel {
    for (const tunnel of this.#tunnels()) if (String(tunnel.id) === id) return this.showTunnel(tunnel)
    throw notFound('tunnel')
  }

  /** Open streams, those of one session after those of another. */
  streams(request: PageRequest): Page<Stream> {
    const sessions = [...this.#options.agents().sessions()].sort((a, b) => (a.id < b.id ? -1 : 1))
    const [session = '', last = '0'] = partsOf(request.cursor, 2) ?? []
    const items: Stream[] = []
    for (const each of sessions) {
      if (each.id < session) continue
      const after = each.id === session ? Number(last) : 0
      const open = [...each.openStreams()].sort((a, b) => a.stream.id - b.stream.id)
      for (const one of open) {
        if (one.stream.id <= after) continue
        if (items.length === request.limit) return { items, next: cursorOf(...items.at(-1)!.id.split('/')) }
        items.push(this.#showStream(one))
      }
    }
    return { items, next: null }
  }

  readonly showSession = (session: AgentSession): Session => {
    const { id, token, identity, tunnels, visitors: streams, openedAt, wire } = session
    return {
      id,
      token_id: token.id,
      token_name: token.name,
      account_id: token.accountId,
      remote: identity.remote,
      agent_version: identity.agentVersion,
      platform: identity.platform,
      state: wire.held ? 'away' : session.available ? 'online' : 'leaving',
      opened_at: this.#dateOf(openedAt),
      carriers: wire.carriers.length,
      rtt_ms: wire.rtt === null ? null : Math.round(wire.rtt * 100) / 100,
      tunnels: tunnels.size,
      streams,
      ...sumOf([...tunnels.values()].map((tunnel) => this.#rates.get(tunnel) ?? STILL)),
    }
  }

  readonly showTunnel = (tunnel: Bound): Tunnel => {
    const { id, name, kind, publicUrl, session, traffic, visitorsOpen } = tunnel
    return {
      id: String(id),
      session_id: session.id,
      token_id: session.token.id,
      account_id: session.token.accountId,
      name,
      kind: kindName(kind),
      public_url: publicUrl,
      bound_at: this.#dateOf(this.#boundAt.get(tunnel) ?? session.openedAt),
      streams: visitorsOpen,
      ...amountsOf(traffic),
      ...sumOf([this.#rates.get(tunnel) ?? STILL]),
    }
  }

  #showStream({ stream, tunnel, visitor, openedAt }: OpenStream): Stream {
    const address = visitor.address.includes(':') ? `[${visitor.address}]` : visitor.address
    return {
      id: `${tunnel.session.id}/${stream.id}`,
      session_id: tunnel.session.id,
      tunnel_id: String(tunnel.id),
      visitor: tunnel.http === null ? `${address}:${visitor.port}` : null,
      opened_at: this.#dateOf(openedAt),
      bytes_in: stream.bytesOut,
      bytes_out: stream.bytesIn,
    }
  }

  *#tunnels(): Generator<Bound> {
    for (const session of this.#options.agents().sessions()) yield* session.tunnels.values()
  }

  /** The clock's time as that of the calendar. */
  #dateOf(time: number): string {
    return new Date(Date.now() - (this.#options.clock.now() - time)).toISOString()
  }
}

function sumOf(rates: Iterable<Rate>): { rate_in: number; rate_out: number } {
  const sum = { rate_in: 0, rate_out: 0 }
  for (const rate of rates) {
    sum.rate_in += rate.in
    sum.rate_out += rate.out
  }
  return { rate_in: Math.round(sum.rate_in), rate_out: Math.round(sum.rate_out) }
}

function amountsOf({ connections, requests, bytesIn, bytesOut }: Traffic) {
  return { connections, requests, bytes_in: bytesIn, bytes_out: bytesOut }
}

function notFound(what: string): AdminError {
  return new AdminError(404, 'UR_ADMIN_NOT_FOUND', `No ${what} has this id now. What to do: list them again.`)
}
