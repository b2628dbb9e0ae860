import type { TLSSocket } from 'node:tls'
import type { Clock } from '../core/clock.js'
import { lossesSlowConnections } from '../core/congestion.js'
import { NetworkError, type UniRouteError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import { printable } from '../core/printable.js'
import { parseHostPort, type HostPort } from '../config/index.js'
import {
  ControlChannel,
  NoticeLevel,
  ServerRefusal,
  type Control,
  type Refused,
  type Welcome,
} from '../protocol/index.js'
import { Session, type Carrier, type Stream } from '../wire/index.js'
import { hostPortText } from './addresses.js'
import type { CarrierStatus, ConnectionEnd, ConnectionInfo, Resumption } from './api.js'
import { Binds, type BindEvents } from './binds.js'
import { CarrierPool } from './carrier-pool.js'
import type { Tunnel } from './tunnel.js'
import { Visitor, type VisitorContext } from './visitor.js'

/** A carrier whose Hello was welcomed. */
export interface OpenedSession {
  readonly target: HostPort
  readonly socket: TLSSocket
  readonly welcome: Welcome
  /** Bytes behind the Welcome. */
  readonly head: Buffer
  readonly capabilities: readonly string[]
}

/** A connection that was attached to a session. */
export interface AttachedCarrier {
  readonly socket: TLSSocket
  readonly welcome: Welcome
  /** Bytes behind the Welcome. */
  readonly head: Buffer
}

/** What a link tells its agent. */
export interface LinkEvents extends BindEvents {
  notice(level: 'info' | 'warning' | 'error', code: string, text: string): void
  /** The last connection is lost; until another one takes its place (`resume`) visitors are held. */
  held(link: Link, error: UniRouteError): void
  /** The carrier that should be watched from now on. */
  watch(link: Link, carrier: Carrier): void
  /** The server is about to close; a new session may be had at `instead` (HOST:PORT). */
  serverDrains(reason: string, instead: readonly string[]): void
  opened(connection: ConnectionInfo): void
  closed(connection: ConnectionEnd): void
  /** Exactly once. `final`: the server wants no other session from this agent. */
  ended(link: Link, error: UniRouteError, final: boolean): void
}

export interface LinkOptions {
  readonly opened: OpenedSession
  /** Those that have an address, or may get one. */
  readonly tunnels: readonly Tunnel[]
  readonly connections: 'auto' | number
  /** Makes one more connection to the node of the session and attaches it. */
  attach(link: Link, signal: AbortSignal): Promise<AttachedCarrier>
  readonly events: LinkEvents
  readonly clock: Clock
  readonly log: Logger
}

/** The server says when a session that is held has been held for long enough; only if it does not come to that do we, ms. */
const RESUME_MARGIN_MS = 2_000

/** Most carriers of an agent. */
export const MAX_CARRIERS = 8
/** Most visitors of an agent at once, whatever the server allows: their memory is ours. */
export const MAX_VISITORS = 65_536

/** One session with the server: control stream, addresses of the tunnels, carriers, and the streams of visitors. */
export class Link {
  readonly session: Session
  readonly #options: LinkOptions
  readonly #control: ControlChannel
  #secret: Uint8Array
  /** Null only until the constructor has made it: the first bytes may end the session before. */
  readonly #pool: CarrierPool | null = null
  readonly #visitorContext: VisitorContext
  readonly #binds: Binds
  #visitors = 0
  #draining = false
  #onIdle: (() => void) | null = null
  #reason: UniRouteError | null = null
  #final = false
  #heldAt: number | null = null
  #resumption: Resumption | null = null

  /** Takes the socket over and asks for the addresses of the tunnels. */
  constructor(options: LinkOptions) {
    const { opened, events, clock, log } = options
    const { welcome } = opened
    this.#options = options
    this.#secret = welcome.secret
    this.#binds = new Binds({
      knowsOptions: opened.capabilities.includes('http-options'),
      events,
      server: () => `the server ${hostPortText(opened.target)} (version ${printable(welcome.serverVersion)})`,
      send: (message) => this.#control.send(message),
    })
    const resumable = opened.capabilities.includes('resume')
    const striping = opened.capabilities.includes('stripe')
    const stripes = lossesSlowConnections() ? 'tried' : 'never'
    const resumeTimeoutMs = welcome.resumeTimeoutMs === 0 ? 0 : welcome.resumeTimeoutMs + RESUME_MARGIN_MS
    const streams = Math.min(welcome.limits?.streams || MAX_VISITORS, MAX_VISITORS)
    this.session = new Session(
      'client',
      { clock, maxInboundStreams: streams, maxStreams: streams + 1, resumable, striping, stripes, resumeTimeoutMs },
      {
        onStream: (stream) => stream.attach(new Visitor(this.#visitorContext)),
        onCarrierClose: (carrier, error) => this.#onCarrierClose(carrier, error),
        onHold: (error) => {
          this.#heldAt = clock.now()
          events.held(this, lost(opened.target, error))
        },
        onClose: (error) => this.#onClose(error),
      },
    )
    const isDraining = (): boolean => this.#draining
    this.#visitorContext = {
      clock,
      tunnel: (id) => this.#binds.tunnel(id),
      get draining() {
        return isDraining()
      },
      opened: (connection) => {
        this.#visitors++
        events.opened(connection)
      },
      closed: (connection) => {
        this.#visitors--
        events.closed(connection)
        this.#checkIdle()
      },
    }
    const first = this.session.addCarrier(opened.socket, opened.head, welcome.carrier || undefined)
    this.#control = new ControlChannel(this.#openControl(), {
      onMessage: (message) => this.#onMessage(message),
      onClose: (error) => this.session.close(error),
    })
    const several = opened.capabilities.includes('carriers')
    const limit = several ? Math.min(MAX_CARRIERS, welcome.limits?.carriers || MAX_CARRIERS) : 1
    const { connections } = options
    this.#pool = new CarrierPool({
      session: this.session,
      first,
      wanted: connections === 'auto' ? welcome.carriersWanted || 1 : connections,
      limit: connections === 'auto' ? limit : Math.min(limit, connections),
      dial: (signal) => options.attach(this, signal),
      clock,
      log,
    })
    this.#binds.start(options.tunnels)
    this.#pool.adjust()
  }

  /** Throws NetworkError UR_SERVER_LOST when what came behind the Welcome ended the session. */
  #openControl(): Stream {
    try {
      return this.session.open()
    } catch (cause) {
      const server = hostPortText(this.#options.opened.target)
      const message = `the server ${server} welcomed this agent, and closed the session in the same moment`
      const error = new NetworkError('UR_SERVER_LOST', message, { cause })
      this.session.destroy(error)
      throw error
    }
  }

  get welcome(): Welcome {
    return this.#options.opened.welcome
  }

  /** Admits further connections to the session. */
  get secret(): Uint8Array {
    return this.#secret
  }

  /** The node that has the session. */
  get node(): HostPort {
    return parseHostPort(this.welcome.nodeAddress) ?? this.#options.opened.target
  }

  /** Another connection may take the place of those that are lost. */
  get resumable(): boolean {
    return this.session.options.resumable && !this.session.leaving
  }

  /**
   * Goes on over this connection, whatever became of the others.
   * @throws NetworkError UR_SERVER_LOST when the session has ended meanwhile
   */
  resume({ socket, welcome, head }: AttachedCarrier): void {
    if (!this.resumable) {
      throw new NetworkError(
        'UR_SERVER_LOST',
        `the session with ${hostPortText(this.node)} ended before it was resumed`,
      )
    }
    if (welcome.secret.length > 0) this.#secret = welcome.secret
    const others = [...this.session.carriers]
    this.session.addCarrier(socket, head, welcome.carrier)
    this.#pool?.refill()
    for (const other of others) other.lose()
    const awayMs = this.#heldAt === null ? 0 : this.#options.clock.now() - this.#heldAt
    this.#heldAt = null
    this.#resumption = { awayMs, visitors: this.#visitors }
  }

  /** The network of this machine changed: connections whose own address it no longer has are replaced by those that are left. */
  dropStranded(isOwn: (address: string) => boolean): void {
    const { carriers } = this.session
    const stranded = carriers.filter(({ socket }) => socket?.localAddress !== undefined && !isOwn(socket.localAddress))
    if (!this.resumable || stranded.length === carriers.length) return
    for (const carrier of stranded) if (carrier.log?.whole) carrier.lose()
  }

  /** How it went on when it last did; null: it has never had to. */
  get resumption(): Resumption | null {
    return this.#resumption
  }

  get carriers(): CarrierStatus[] {
    return this.session.carriers.map(({ number, probes: { rtt } }) => ({ number, rttMs: rtt }))
  }

  /** Visitors that are held while there is no connection; null: there is one. */
  get held(): number | null {
    return this.session.held ? this.#visitors : null
  }

  /** Asks for the address of one more tunnel. */
  bind(tunnel: Tunnel): void {
    this.#binds.add(tunnel)
  }

  /** Gives the address of a tunnel back: no new visitors. Those that it has are not its matter. */
  unbind(tunnel: Tunnel): void {
    this.#binds.remove(tunnel)
  }

  /** Tells of the tunnels that the server could not serve as they ask for; once. */
  refuseUnkept(): void {
    this.#binds.refuseUnkept()
  }

  /** Tells the server that this agent leaves, takes no new visitors, and calls `idle` once, when none is left. */
  drain(graceMs: number, reason: string, idle: () => void): void {
    this.#onIdle = idle
    this.#stopWork()
    this.#draining = true
    this.#control.send({ drain: { graceMs, reason } })
    this.#checkIdle()
  }

  /** Ends the session in good order; visitors that are left are cut off. */
  close(): void {
    this.#stopWork()
    this.session.close()
  }

  /** Ends the session at once. */
  abandon(error: UniRouteError): void {
    this.#reason ??= error
    this.#stopWork()
    this.session.destroy(error)
  }

  #stopWork(): void {
    this.#pool?.stop()
    this.#binds.stop()
  }

  #checkIdle(): void {
    if (this.#onIdle === null || this.#visitors > 0) return
    const idle = this.#onIdle
    this.#onIdle = null
    idle()
  }

  #onMessage(message: Control): void {
    const { events } = this.#options
    if (message.bound) {
      this.#binds.onBound(message.bound)
    } else if (message.refused) {
      this.#onRefused(message.refused)
    } else if (message.carriers) {
      if (this.#options.connections === 'auto') this.#pool?.want(message.carriers.wanted)
    } else if (message.drain) {
      const { reason, instead } = message.drain
      this.#stopWork()
      events.serverDrains(printable(reason), instead)
    } else if (message.notice) {
      const { level, code, text } = message.notice
      events.notice(LEVELS[level] ?? 'info', printable(code), printable(text))
    }
  }

  #onRefused(refused: Refused): void {
    const error = new ServerRefusal(refused)
    if (refused.request !== 0 || refused.tunnelId !== 0) return this.#binds.onRefused(refused, error)
    this.#reason = error
    this.#final = !error.retryable
    this.session.close(error)
  }

  #onCarrierClose(carrier: Carrier, error: Error | null): void {
    const { carriers } = this.session
    this.#options.log.debug(
      { carrier: carrier.number, reason: error?.message, left: carriers.length },
      'carrier closed',
    )
    this.#pool?.gone(carrier)
    const newest = carriers.at(-1)
    if (newest !== undefined) this.#options.events.watch(this, newest)
  }

  #onClose(error: Error | null): void {
    this.#stopWork()
    const { opened, events } = this.#options
    const reason = this.#reason ?? lost(opened.target, error)
    events.ended(this, reason, this.#final)
    this.#checkIdle()
  }
}

const LEVELS = { [NoticeLevel.INFO]: 'info', [NoticeLevel.WARNING]: 'warning', [NoticeLevel.ERROR]: 'error' } as const

function lost(target: HostPort, error: Error | null): NetworkError {
  const why = error === null ? 'the server closed it' : error.message
  return new NetworkError('UR_SERVER_LOST', `the session with ${hostPortText(target)} was lost: ${why}`, {
    cause: error,
  })
}
