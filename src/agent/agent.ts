import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { systemClock, type Clock } from '../core/clock.js'
import { ConfigError, NetworkError, RefusedError, type UniRouteError } from '../core/errors.js'
import { silentLogger, type Logger } from '../core/logger.js'
import { parseHostPort } from '../config/index.js'
import { ServerRefusal } from '../protocol/index.js'
import { hostPortText } from './addresses.js'
import type {
  AgentEvents,
  AgentOptions,
  AgentState,
  AgentStatus,
  SessionInfo,
  TunnelSpec,
  TunnelStatus,
} from './api.js'
import { checkOptions, checkSpec } from './check-options.js'
import { ConnectLoop } from './connect-loop.js'
import { isLasting, ServerDialer } from './dial-server.js'
import { Endings, type EndsContext } from './endings.js'
import { MAX_CARRIERS, type Link, type LinkEvents } from './link.js'
import { Monitor } from './monitor.js'
import { watchNetwork } from './network-watch.js'
import { isOwnAddress } from './own-addresses.js'
import { SessionOpener, type Dialled } from './session-opener.js'
import { noAnswer, TunnelList } from './tunnel-list.js'
import { Tunnel } from './tunnel.js'

const CONNECT_TIMEOUT_MS = 10_000
const DIAL_TIMEOUT_MS = 10_000
/** A session that was closed in good order may take this long to hand over what it has written, ms. */
const CLOSE_MS = 1_000

const INSECURE = 'the certificate of the server is NOT verified: anyone between can read and change everything'

/** Sessions that servers are about to close, at once. */
const MAX_LEAVING = 8

/**
 * Offers local services at public addresses: keeps a session with a server, comes back after every loss, and connects
 * visitors to the upstreams. See `AgentEvents` for what it tells.
 */
export class Agent extends EventEmitter<AgentEvents> {
  readonly #options: AgentOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #instanceId = randomUUID()
  readonly #opener: SessionOpener
  readonly #tunnels: Tunnel[]
  readonly #endings: Endings
  readonly #list: TunnelList
  readonly #loop: ConnectLoop<Dialled, Link>
  readonly #monitor: Monitor
  #state: AgentState = 'idle'
  #session: SessionInfo | null = null
  #link: Link | null = null
  /** Sessions that the server is about to close, for the sake of the visitors that they still have. */
  readonly #leaving = new Set<Link>()
  #everOnline = false
  #readyTold = false
  #forced: NodeJS.Timeout | null = null
  /** Why we leave; null: somebody asked us to. */
  #why: UniRouteError | null = null
  #unwatchNetwork: (() => void) | null = null

  /** Throws ConfigError(UR_AGENT_OPTION) for options that make no sense. Nothing happens before `start`. */
  constructor(options: AgentOptions) {
    super()
    checkOptions(options, MAX_CARRIERS)
    const { env = process.env, caFile, certificate, insecure, certificates, clock = systemClock } = options
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = options
    this.#options = options
    this.#clock = clock
    this.#log = options.log ?? silentLogger
    this.#opener = new SessionOpener({
      agent: options,
      instanceId: this.#instanceId,
      dialer: new ServerDialer({ caFile, certificate, insecure, env, timeoutMs: connectTimeoutMs }),
      events: this.#linkEvents(),
      clock,
      log: this.#log,
      current: () => this.#link,
      tunnels: () => this.#tunnels.filter(({ state }) => state !== 'failed'),
    })
    this.#tunnels = options.tunnels.map((spec) => this.#tunnelOf(spec))
    const onNews: EndsContext['onNews'] = (tunnel, news) => this.emit('certificate', tunnel.status(), news)
    this.#endings = new Endings(this.#tunnels, { certificates, env, clock, log: this.#log, onNews })
    this.#list = new TunnelList({
      endings: this.#endings,
      tunnels: this.#tunnels,
      tunnelOf: (spec) => this.#tunnelOf(spec),
      session: () => this.#link,
      sessions: () => this.#links(),
      away: () => noAnswer(this.#state, options.server),
    })
    this.#loop = new ConnectLoop<Dialled, Link>({
      clock,
      dial: (tryNumber, signal, answered) => this.#opener.dial(tryNumber, signal, answered),
      open: (dialled, signal) => this.#opener.open(dialled, signal),
      discard: ({ socket }) => socket.destroy(),
      onOpen: (link) => this.#onOpen(link),
      onFailure: (error, retryInMs) => this.#onFailure(error, retryInMs),
      onGiveUp: (error) => this.#finish(error),
      isFinal: (error) => this.#isFinal(error),
      // With other addresses to try, the next one need not wait.
      isLasting: (error) => this.#opener.instead.length === 0 && isLasting(error),
    })
    this.#monitor = new Monitor(clock, {
      woke: () => this.#loop.hurry(),
      suspect: () => this.#onSuspect(),
      recovered: () => this.#link !== null && this.#loop.stop(),
    })
  }

  get state(): AgentState {
    return this.#state
  }

  /** Begins to connect. Call it once; what comes of it is told by events. */
  start(): void {
    if (this.#state !== 'idle') throw new ConfigError('UR_USAGE', 'an agent can be started once')
    this.#state = 'connecting'
    const server = hostPortText(this.#options.server)
    if (this.#options.insecure) this.#log.warn({ server }, INSECURE)
    this.#log.debug({ server, instance: this.#instanceId }, 'connecting')
    this.#unwatchNetwork = watchNetwork(() => this.#onNetworkChanged())
    void this.#begin()
  }

  /**
   * Leaves: the server sends no new visitors, those that are there have `graceMs`, then `close` follows.
   * A second call only shortens the time.
   */
  stop(graceMs: number): void {
    if (this.#state === 'closed') return
    // A session that lost its connections still comes back for its visitors.
    if (this.#link?.session.held !== true) this.#loop.stop()
    const links = this.#links()
    if (links.length === 0) return this.#finish(null)
    if (this.#state !== 'draining') {
      this.#state = 'draining'
      this.#list.offline()
      this.emit('draining', graceMs)
      this.#endings.drain()
      for (const link of links) {
        link.drain(graceMs, 'the agent is stopping', () => this.#closeLink(link))
      }
    }
    this.#force(graceMs, () => this.#links().forEach((link) => this.#closeLink(link)))
  }

  /** Leaves at once; open connections are cut off. */
  kill(): void {
    this.#finish(null)
  }

  /**
   * Offers one more tunnel, which is bound again after each return as those of the start are, until it is removed.
   * Resolves once it has its address; nothing is left of one that gets none.
   * Throws ConfigError UR_AGENT_OPTION, UR_TUNNEL_EXISTS; NetworkError UR_SERVER_AWAY, UR_AGENT_DRAINING: there is no
   * session, or no answer; CertificateError; RefusedError with what the server says.
   */
  async addTunnel(spec: TunnelSpec): Promise<TunnelStatus> {
    checkSpec(spec, this.#options.certificates)
    if (this.#state !== 'online') throw noAnswer(this.#state, this.#options.server)
    return (await this.#list.add(spec)).status()
  }

  /**
   * Gives the address of a tunnel back: new visitors are refused, and the connections of those that it has are closed.
   * False: there is no tunnel of that name.
   */
  removeTunnel(name: string): boolean {
    const tunnel = this.#list.remove(name)
    if (tunnel === null) return false
    this.emit('removed', tunnel.status())
    if (!this.#readyTold) this.#tellReady()
    return true
  }

  status(): AgentStatus {
    return {
      state: this.#state,
      server: hostPortText(this.#options.server),
      session: this.#session,
      rttMs: this.#link?.session.rtt ?? null,
      carriers: this.#link?.carriers ?? [],
      held: this.#link?.held ?? 0,
      tunnels: this.#tunnels.map((tunnel) => tunnel.status()),
    }
  }

  // Tunnels.

  #tunnelOf(spec: TunnelSpec): Tunnel {
    const { dialTimeoutMs: timeoutMs = DIAL_TIMEOUT_MS, tap } = this.#options
    return new Tunnel(spec, { timeoutMs, clock: this.#clock, tap })
  }

  // Connecting.

  async #begin(): Promise<void> {
    try {
      await this.#endings.prepare()
    } catch (error) {
      return this.#finish(error as UniRouteError)
    }
    if (this.#state === 'connecting') this.#loop.start(false)
  }

  #onOpen(link: Link): void {
    const { sessionId, node, serverVersion } = link.welcome
    this.#link = link
    this.#everOnline = true
    this.#opener.instead = []
    const newest = link.session.carriers.at(-1)
    // Lost again before it was ever told of.
    if (newest === undefined)
      return this.#onHeld(link, new NetworkError('UR_SERVER_LOST', 'the connection was lost at once'))
    this.#monitor.watch(newest)
    if (this.#state === 'draining') return
    this.#state = 'online'
    this.#session = { id: sessionId, node, serverVersion }
    this.#log.debug({ session: sessionId, node, server_version: serverVersion }, 'session opened')
    this.emit('online', this.#session, link.resumption)
    link.refuseUnkept()
  }

  #onFailure(error: UniRouteError, retryInMs: number): void {
    this.#log.debug({ code: error.code, reason: error.message, retry_in_ms: retryInMs }, 'no session')
    const held = this.#link?.held ?? null
    if (this.#link === null || held !== null) this.emit('offline', error, retryInMs, held)
  }

  #isFinal(error: UniRouteError): boolean {
    if (this.#options.reconnect === false) return true
    if (error instanceof RefusedError) return !(error instanceof ServerRefusal && error.retryable)
    // Whoever started the agent is still there to mend what is no matter of the network. Later it never gives up.
    return !this.#everOnline && !(error instanceof NetworkError)
  }

  #onSuspect(): void {
    if (this.#link === null || this.#state !== 'online' || this.#options.reconnect === false) return
    this.#log.debug({}, 'the session is silent: trying whether a new connection gets through')
    this.#loop.start(false)
  }

  #onNetworkChanged(): void {
    this.#log.debug({}, 'an address or a route of this machine changed')
    this.#loop.hurry()
    this.#link?.dropStranded(isOwnAddress)
    this.#monitor.networkChanged(isOwnAddress)
  }

  // The session.

  #linkEvents(): LinkEvents {
    return {
      bound: (tunnel) => this.#onBound(tunnel),
      refused: (tunnel, error) => this.#onRefused(tunnel, error),
      notice: (...notice) => this.emit('notice', ...notice),
      held: (link, error) => this.#onHeld(link, error),
      watch: (link, carrier) => {
        if (link === this.#link) this.#monitor.watch(carrier)
      },
      serverDrains: (reason, instead) => this.#onServerDrains(reason, instead),
      opened: (connection) => this.emit('opened', connection),
      closed: (connection) => this.emit('closed', connection),
      ended: (link, error, final) => this.#onEnded(link, error, final),
    }
  }

  #onBound(tunnel: Tunnel): void {
    this.#log.debug({ tunnel: tunnel.spec.name, url: tunnel.publicUrl }, 'tunnel bound')
    this.#list.bound(tunnel)
    if (this.#readyTold) this.emit('tunnel', tunnel.status())
    else this.#tellReady()
    tunnel.end?.bound(tunnel.lastHost)
  }

  #onRefused(tunnel: Tunnel, error: UniRouteError): void {
    this.#log.debug({ tunnel: tunnel.spec.name, code: error.code, reason: error.message }, 'tunnel refused')
    this.emit('refused', tunnel.status(), error)
    if (this.#list.refused(tunnel, error)) return
    if (this.#tunnels.every(({ state }) => state === 'failed')) this.#leave(error)
    else if (!this.#readyTold) this.#tellReady()
  }

  #tellReady(): void {
    const ready = this.#list.ready()
    if (ready === null) return
    this.#readyTold = true
    this.emit('ready', ready)
  }

  /** The session stays for its visitors; a new one is wanted at once. */
  #onServerDrains(reason: string, instead: readonly string[]): void {
    const link = this.#link
    if (link === null || this.#state !== 'online') return
    const targets = instead.map((text) => parseHostPort(text))
    this.#opener.instead = targets.filter((target) => target !== undefined)
    this.#leaving.add(link)
    if (this.#leaving.size > MAX_LEAVING) this.#abandonOldest()
    this.#link = null
    this.#monitor.watch(null)
    this.emit('notice', 'info', 'UR_SERVER_DRAINING', `the server is closing: ${reason}`)
    this.#offline(new NetworkError('UR_SERVER_LOST', `the server is closing: ${reason}`))
  }

  #abandonOldest(): void {
    const [oldest] = this.#leaving
    oldest?.abandon(new NetworkError('UR_SERVER_LOST', 'the server did not close the sessions that it was to close'))
  }

  /** The session stays, without a connection: its visitors are held, and it keeps its addresses. */
  #onHeld(link: Link, error: UniRouteError): void {
    if (link !== this.#link) return
    this.#monitor.watch(null)
    if (this.#options.reconnect === false) return link.abandon(error)
    if (this.#state === 'online') this.#state = 'reconnecting'
    this.#list.offline()
    const retryInMs = this.#loop.start(true)
    const { code, message: reason } = error
    this.#log.debug({ code, reason, retry_in_ms: retryInMs }, 'connection lost, visitors held')
    this.emit('offline', error, retryInMs, link.held)
  }

  #onEnded(link: Link, error: UniRouteError, final: boolean): void {
    if (this.#leaving.delete(link)) {
      if (this.#state === 'draining' && this.#links().length === 0) this.#finish(this.#why)
      return
    }
    if (link !== this.#link) return
    this.#link = null
    this.#monitor.watch(null)
    if (this.#state === 'draining') {
      this.#loop.stop()
      if (this.#links().length === 0) this.#finish(this.#why)
    } else if (final) {
      this.#finish(error)
    } else {
      this.#offline(error)
    }
  }

  /** There is no session any more that new visitors could come by. */
  #offline(error: UniRouteError): void {
    this.#session = null
    for (const tunnel of this.#tunnels) tunnel.offline()
    if (this.#options.reconnect === false) return this.#finish(error)
    this.#state = 'reconnecting'
    this.#list.offline()
    const retryInMs = this.#loop.start(true)
    this.#log.debug({ code: error.code, reason: error.message, retry_in_ms: retryInMs }, 'session lost')
    this.emit('offline', error, retryInMs, null)
  }

  // The end.

  /** Nothing is left to do: the server is told so, or it would hold the session for our return. */
  #leave(error: UniRouteError): void {
    if (this.#link === null || this.#link.session.held) return this.#finish(error)
    this.#loop.stop()
    this.#state = 'draining'
    this.#why = error
    for (const link of this.#links()) this.#closeLink(link)
  }

  #links(): Link[] {
    return this.#link === null ? [...this.#leaving] : [this.#link, ...this.#leaving]
  }

  #closeLink(link: Link): void {
    link.close()
    this.#force(CLOSE_MS, () => this.#finish(this.#why))
  }

  #force(ms: number, action: () => void): void {
    if (this.#forced !== null) clearTimeout(this.#forced)
    this.#forced = this.#state === 'closed' ? null : setTimeout(action, ms)
  }

  #finish(error: UniRouteError | null): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#list.offline()
    this.#session = null
    this.#loop.stop()
    this.#monitor.stop()
    this.#unwatchNetwork?.()
    this.#endings.close()
    if (this.#forced !== null) clearTimeout(this.#forced)
    const reason = error ?? new NetworkError('UR_SERVER_LOST', 'the agent was stopped')
    for (const link of this.#links()) link.abandon(reason)
    this.#link = null
    this.#leaving.clear()
    this.emit('close', error)
  }
}
