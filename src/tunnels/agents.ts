import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Clock } from '../core/clock.js'
import type { Code } from '../core/error-codes.js'
import { LimitError, RefusedError, StoreError, UniRouteError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import { printable } from '../core/printable.js'
import { ThrottledLog } from '../core/throttled-log.js'
import type { NumberName } from '../metrics/index.js'
import { serverHandshake, type Attach, type Hello, type IncomingCarrier } from '../protocol/index.js'
import type { SessionOptions } from '../wire/index.js'
import { AgentSession } from './agent-session.js'
import { noTunnelObserver } from './api.js'
import type {
  AddressGate,
  PortOpener,
  PublicUrl,
  RightsKeeper,
  TokenGate,
  TunnelHooks,
  TunnelLimits,
  TunnelObserver,
  TunnelTable,
} from './api.js'
import { attach as attachCarrier } from './attach.js'
import { Binder } from './binder.js'
import { enforceRights } from './enforce-rights.js'
import { HeldSessions } from './held-sessions.js'
import { Totals, tunnelNumbers } from './numbers.js'
import type { PortRanges } from './port-ranges.js'
import type { AgentSessionContext } from './session-context.js'
import { AccountTraffic } from './traffic.js'
import { makeRoom } from './session-room.js'
import { ConnectionIds } from './visitor-stream.js'

/** How often sessions with visitors are looked at, ms. */
const TICK_MS = 250
/** Why a session ends when its agent comes back with a new one. */
const SUPERSEDED = 'The same agent opened a new session.'

export interface AgentsOptions {
  readonly gate: TokenGate
  readonly rights: RightsKeeper
  /** Host names and ports of all tunnels; `ingress` reads it. */
  readonly table: TunnelTable
  /** Which names and ports are whose. */
  readonly addresses: AddressGate
  readonly opener: PortOpener
  /** TCP ports for tunnels. */
  readonly ports: PortRanges
  readonly domain: string
  /** The address of a tunnel as visitors type it. */
  readonly publicUrl: PublicUrl
  readonly serverVersion: string
  readonly node: string
  /** HOST:PORT of this very node, for further carriers; empty: where the agent came in. */
  readonly nodeAddress: string
  /** The bounds as they are now; asked for each session and each stream, so that a reload counts. */
  limits(): TunnelLimits
  /** Bounds of a new session's wire, with a budget of its own below the process's. */
  wire(): Partial<SessionOptions>
  /** Says while there is no room for more. Default: there always is. */
  readonly memory?: { readonly problem: LimitError | null }
  readonly hooks: TunnelHooks
  /** Default: nobody. */
  readonly observer?: TunnelObserver
  readonly clock: Clock
  readonly log: Logger
}

/** A connection of an agent, whose preface was read. */
interface Arrival {
  readonly socket: Socket
  readonly incoming: IncomingCarrier
  readonly remote: string
  readonly certificate: Buffer | null
}

/** The server's side of all agents: takes their carriers in, keeps their sessions, and knows every tunnel. */
export class Agents {
  readonly #options: AgentsOptions
  readonly #log: Logger
  /** For what anybody can provoke, without a token. */
  readonly #strangers: ThrottledLog
  readonly #sessions = new Map<string, AgentSession>()
  readonly #active = new Set<AgentSession>()
  readonly #totals = new Totals()
  /** What accounts have used since the start; bytes of `http` tunnels after `countTraffic`. */
  readonly accounts = new AccountTraffic(this.#totals.traffic)
  readonly #context: AgentSessionContext
  readonly #observer: TunnelObserver
  #timer: NodeJS.Timeout | null = null
  #draining: RefusedError | null = null
  #onEmpty: (() => void) | null = null

  constructor(options: AgentsOptions) {
    this.#options = options
    this.#log = options.log
    this.#observer = options.observer ?? noTunnelObserver
    const { table, addresses, opener, ports, domain, hooks, clock } = options
    this.#strangers = new ThrottledLog(options.log, clock)
    const held = new HeldSessions(() => options.limits())
    this.#context = {
      binder: new Binder({
        opener,
        table,
        addresses,
        ports,
        domain,
        publicUrl: options.publicUrl,
        clock,
        sessionsOf: (tokenId) => this.#sessionsOf(tokenId),
      }),
      limits: () => options.limits(),
      hooks,
      observer: this.#observer,
      clock,
      connectionIds: new ConnectionIds(),
      totals: this.#totals,
      accounts: this.accounts,
      onActive: (session) => this.#startTicking(session),
      onHold: (session) => held.add(session),
      onHoldEnd: (session) => held.delete(session),
      get full() {
        return options.memory?.problem ?? null
      },
      get mayWait() {
        return held.hasRoom
      },
      onClose: (session, why) => this.#onSessionClose(session, why),
    }
  }

  /** Every live session. */
  sessions(): IterableIterator<AgentSession> {
    return this.#sessions.values()
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  /** For the metrics page. */
  numbers(): Partial<Record<NumberName, number>> {
    this.countTraffic()
    return tunnelNumbers(this.#totals, this.#sessions.values())
  }

  /** Brings the traffic of `http` tunnels up to date, which is not counted as it passes. */
  countTraffic(): void {
    for (const session of this.#sessions.values()) session.countTraffic()
  }

  /** Tokens of live sessions, and certificates that these were opened with, which come first; each once. */
  liveTokenIds(): Set<string> {
    const tokens = [...this.#sessions.values()].map(({ token }) => token)
    const certificates = tokens.flatMap(({ certificateId }) => certificateId ?? [])
    return new Set([...certificates, ...tokens.map(({ id }) => id)])
  }

  /**
   * Takes a connection whose TLS handshake chose our ALPN, from the IP address `remote`. `certificate`: what the agent
   * showed in it, DER. Never rejects: what goes wrong is told to the agent and logged.
   */
  async accept(socket: Socket, remote: string, certificate: Buffer | null = null): Promise<void> {
    const { hooks, clock } = this.#options
    const startedAt = clock.now()
    let incoming: IncomingCarrier | null = null
    try {
      incoming = await serverHandshake(socket, { timeoutMs: this.#options.limits().helloTimeoutMs })
      const arrival = { socket, incoming, remote, certificate }
      if (incoming.hello !== null) await this.#onHello(arrival, incoming.hello)
      else if (incoming.attach !== null) await this.#onAttach(arrival, incoming.attach)
      hooks.handshake(clock.now() - startedAt)
    } catch (error) {
      incoming?.refuse(error, { retryable: isRetryable(error) })
      const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
      hooks.handshakeFailed(code)
      if (error instanceof UniRouteError) {
        this.#strangers.warn(code, { remote, reason: printable(error.message) }, 'agent refused')
      } else this.#strangers.error(code, { remote, err: error }, 'agent handshake failed')
    }
  }

  /** The live session of this id. */
  session(id: string): AgentSession | undefined {
    return this.#sessions.get(id)
  }

  /** Takes away every address that its account may not have any more; the agents are told why. */
  addressesChanged(): void {
    const { binder } = this.#context
    for (const session of this.#sessions.values()) {
      for (const tunnel of [...session.tunnels.values()]) {
        const lost = binder.lost(tunnel)
        if (lost !== null) session.loseTunnel(tunnel, lost, true)
      }
    }
    // Those too that were lost just now.
    binder.forgetLost()
  }

  /** Ends every session of a token, or of a certificate; the agents are told why. Returns how many there were. */
  endSessionsOfToken(id: string, reason: RefusedError): number {
    const ending = [...this.#sessions.values()].filter(({ token }) => token.id === id || token.certificateId === id)
    for (const session of ending) session.refuse(reason)
    return ending.length
  }

  /** The rights of a token changed: its sessions lose what it may not have any more, and the agents are told why. */
  rightsChanged(tokenId: string): void {
    enforceRights(this.#sessionsOf(tokenId))
  }

  #sessionsOf(tokenId: string): AgentSession[] {
    return [...this.#sessions.values()].filter((session) => session.token.id === tokenId)
  }

  /**
   * Lets no new session in, tells all agents to go elsewhere, and resolves when the last visitor is gone or after
   * `graceMs`. Sessions are then closed.
   */
  async drain(graceMs: number, reason: string, instead: readonly string[] = []): Promise<void> {
    this.#draining = new RefusedError('UR_SERVER_DRAINING', `The server is closing (${reason}); try again in a moment.`)
    for (const session of this.#sessions.values()) session.drain(graceMs, reason, instead)
    if (this.#visitors() > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs)
        this.#onEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
        this.#checkEmpty()
      })
    }
    this.close()
  }

  /** Closes every session now; visitors that are left are cut off. */
  close(): void {
    this.#draining ??= new RefusedError('UR_SERVER_DRAINING', 'The server is closing; try again in a moment.')
    for (const session of [...this.#sessions.values()]) session.close(this.#draining)
    this.#onEmpty?.()
  }

  async #onHello({ socket, incoming, remote, certificate }: Arrival, hello: Hello): Promise<void> {
    const { gate, serverVersion, node, nodeAddress } = this.#options
    const limits = this.#options.limits()
    if (this.#draining !== null) throw this.#draining
    const token = await gate.check(hello.token, remote, certificate)
    if (socket.destroyed) return
    const rights = this.#options.rights.of(token.id)
    this.#supersede(token.id, hello.instanceId)
    await makeRoom(rights, () => this.#sessionsOf(token.id))
    const late = this.#draining ?? rights.barred
    if (late !== null) throw late
    if (socket.destroyed) return
    if (this.#sessions.size >= limits.sessions) {
      throw new LimitError(
        'UR_SESSION_LIMIT',
        `The server has all of its ${limits.sessions} sessions; try again later.`,
      )
    }
    const several = incoming.capabilities.includes('carriers')
    const identity = {
      sessionId: randomBytes(16).toString('hex'),
      token,
      rights,
      instanceId: hello.instanceId,
      remote,
      agentVersion: printable(hello.agentVersion.slice(0, 50)),
      platform: printable(hello.platform.slice(0, 50)),
      carriers: several ? Math.min(limits.carriersPerSession, hello.maxCarriers || limits.carriersPerSession) : 1,
      resumable: incoming.capabilities.includes('resume'),
      striping: incoming.capabilities.includes('stripe'),
    }
    const log = this.#log.child({ session: identity.sessionId, token: token.name })
    const session = new AgentSession(identity, this.#context, this.#options.wire(), log)
    this.#sessions.set(session.id, session)
    this.#totals.sessions++
    incoming.welcome({
      serverVersion,
      sessionId: session.id,
      secret: session.secret.current,
      limits: { streams: limits.streamsPerSession, tunnels: limits.tunnelsPerSession, carriers: identity.carriers },
      carriersWanted: 1,
      node,
      nodeAddress,
      carrier: session.wire.nextCarrierNumber,
      resumeTimeoutMs: session.wire.options.resumeTimeoutMs,
    })
    log.info({ remote, version: identity.agentVersion, platform: identity.platform }, 'session opened')
    this.#observer.sessionOpened(session)
    session.addCarrier(socket, incoming.head)
  }

  async #onAttach({ socket, incoming, remote, certificate }: Arrival, attach: Attach): Promise<void> {
    const { gate, hooks } = this.#options
    const session = this.#sessions.get(attach.sessionId)
    // Who does not know the secret learns nothing of the certificate either.
    if (session !== undefined && session.secret.match(attach.secret) !== null) {
      await gate.checkCarrier(session.token, remote, certificate)
      if (socket.destroyed) return
    }
    hooks.attached(attachCarrier(this.#sessions.get(attach.sessionId), { socket, incoming, attach }))
  }

  /** An agent process has one session: a second Hello of it means that it lost the first. */
  #supersede(tokenId: string, instanceId: string): void {
    if (instanceId === '') return
    for (const session of this.#sessions.values()) {
      if (session.instanceId !== instanceId || session.token.id !== tokenId) continue
      session.wire.destroy(new RefusedError('UR_TAKEN_OVER', SUPERSEDED))
    }
  }

  #onSessionClose(session: AgentSession, why: Code): void {
    this.#observer.sessionClosed(session, why)
    this.#sessions.delete(session.id)
    this.#totals.sessionGone(session)
    this.#active.delete(session)
    this.#checkEmpty()
  }

  #visitors(): number {
    let visitors = 0
    for (const session of this.#sessions.values()) visitors += session.visitors
    return visitors
  }

  #checkEmpty(): void {
    if (this.#onEmpty !== null && this.#visitors() === 0) this.#onEmpty()
  }

  #startTicking(session: AgentSession): void {
    this.#active.add(session)
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
  }

  #tick(): void {
    const now = this.#options.clock.now()
    for (const session of this.#active) if (!session.tick(now)) this.#active.delete(session)
    this.#checkEmpty()
    if (this.#active.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}

function isRetryable(error: unknown): boolean {
  if (error instanceof LimitError || error instanceof StoreError) return true
  return !(error instanceof UniRouteError) || error.code === 'UR_SERVER_DRAINING'
}
