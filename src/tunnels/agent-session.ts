import type { Socket } from 'node:net'
import { lossesSlowConnections } from '../core/congestion.js'
import { LimitError, ProtocolError, RefusedError, UniRouteError } from '../core/errors.js'
import type { Code } from '../core/error-codes.js'
import type { Logger } from '../core/logger.js'
import { ThrottledLog } from '../core/throttled-log.js'
import { TokenBucket } from '../core/token-bucket.js'
import {
  CONTROL_STREAM_ID,
  ControlChannel,
  NoticeLevel,
  refusedOf,
  type Control,
  type ControlInit,
} from '../protocol/index.js'
import { Session, type Carrier, type SessionOptions, type Stream, type StreamHandler } from '../wire/index.js'
import type { TokenIdentity, TokenRights, Visitor } from './api.js'
import { BindDesk } from './bind-desk.js'
import { CarrierPolicy } from './carrier-policy.js'
import { clip } from './clip.js'
import { measurePath } from './measure-path.js'
import type { AgentIdentity, AgentSessionContext } from './session-context.js'
import { sessionEnd, type Leaving } from './session-end.js'
import { SessionSecret } from './session-secret.js'
import type { Traffic } from './traffic.js'
import type { Tunnel } from './tunnel.js'
import { VisitorBook, type OpenStream } from './visitor-book.js'
import { WaitingRoom } from './waiting-room.js'

/** How long an agent that is refused may take to read why, ms. With the time until a revocation is seen below 2 s. */
const REFUSED_MS = 1_000

/** Connections attached at once, and then a second: as many carriers as there may be, a few times over. */
const ATTACHES = { burst: 32, perSecond: 2 }

/** One authenticated agent: its wire session, its control stream and its tunnels. */
export class AgentSession {
  readonly identity: AgentIdentity
  readonly wire: Session
  readonly openedAt: number
  /** What its account has used. */
  readonly accountTraffic: Traffic
  readonly tunnels = new Map<number, Tunnel>()
  readonly secret = new SessionSecret()
  readonly #context: AgentSessionContext
  readonly #log: Logger
  /** For what visitors can provoke, or an agent as often as it likes. */
  readonly #throttled: ThrottledLog
  readonly #policy: CarrierPolicy<Carrier>
  readonly #waiting = new WaitingRoom()
  readonly #visitors: VisitorBook
  readonly #desk: BindDesk
  readonly #attaches: TokenBucket
  #control: ControlChannel | null = null
  #toldCarriers = 1
  #draining = false
  /** Why the session ends in good order. */
  #leaving: Leaving | null = null
  #heldAt: number | null = null
  #refused: NodeJS.Timeout | null = null
  #closed = false

  constructor(identity: AgentIdentity, context: AgentSessionContext, wire: Partial<SessionOptions>, log: Logger) {
    this.identity = identity
    this.#context = context
    this.#log = log
    this.#throttled = new ThrottledLog(log, context.clock)
    this.openedAt = context.clock.now()
    this.accountTraffic = context.accounts.of(identity.token.accountId)
    this.#attaches = new TokenBucket(context.clock, ATTACHES)
    this.#policy = new CarrierPolicy(identity.carriers, this.openedAt)
    const options: Partial<SessionOptions> = {
      maxStreams: context.limits().streamsPerSession + 1,
      maxInboundStreams: 1,
      clock: context.clock,
      resumable: identity.resumable,
      striping: identity.striping,
      stripes: lossesSlowConnections() ? 'tried' : 'never',
      ...wire,
    }
    this.wire = new Session('server', options, {
      onStream: (stream) => this.#onStream(stream),
      onGoAway: (_code, last) => {
        if (last) this.#onAgentDrains('the agent said go away')
      },
      onHold: (error) => this.#onHold(error),
      onResume: () => this.#onResume(),
      onClose: (error) => this.#onClose(error),
    })
    this.#visitors = new VisitorBook({
      wire: this.wire,
      context,
      log: this.#throttled,
      leaving: () => this.#closed || this.#draining,
      pick: () => this.#policy.pick(this.wire.carriers),
    })
    this.#desk = new BindDesk({
      session: this,
      context,
      log,
      throttled: this.#throttled,
      leaving: () => this.#draining,
      send: (message) => this.#send(message),
      unbind: (tunnel, why) => this.#unbindTunnel(tunnel, why),
    })
    identity.rights.sessions++
  }

  get id(): string {
    return this.identity.sessionId
  }

  get token(): TokenIdentity {
    return this.identity.token
  }

  /** Why no visitor and no request can be taken at present; null: they can. */
  get full(): LimitError | null {
    return this.#context.full
  }

  get rights(): TokenRights {
    return this.identity.rights
  }

  get instanceId(): string {
    return this.identity.instanceId
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Whether a new visitor's stream can be opened now: there is a connection, and neither side is leaving. */
  get available(): boolean {
    // Its streams are told of the end before we are.
    return !this.wire.closed && !this.#draining && !this.wire.held
  }

  /** Brings the bytes of `http` tunnels up to date. */
  countTraffic(): void {
    this.#visitors.countHttp()
  }

  /** Carriers that the agent is asked to have. */
  get carriersWanted(): number {
    return this.#toldCarriers
  }

  /** Open streams of visitors. */
  get visitors(): number {
    return this.#visitors.size
  }

  /** Every open stream of a visitor. */
  openStreams(): IterableIterator<OpenStream> {
    return this.#visitors.streams()
  }

  /** Calls `go` now, or in a moment when a carrier of its own is about to come for a new visitor. */
  whenRoom(go: () => void): void {
    const { clock } = this.#context
    this.#waiting.enter(go, this.#closed ? 0 : this.#policy.wait(clock.now(), this.wire.carriers))
  }

  /** Takes one more carrier. */
  addCarrier(socket: Socket, head: Buffer, number?: number): Carrier {
    const first = this.wire.carriers.length === 0
    const carrier = this.wire.addCarrier(socket, head, number)
    if (first) void measurePath(carrier, (ms) => this.#policy.roundTrip(ms))
    this.#waiting.letOneIn()
    return carrier
  }

  /** Counts one more connection that wants to be attached; false: there were too many of late. */
  mayAttach(): boolean {
    return this.#attaches.take()
  }

  /** Bytes kept and queued for the visitors of an agent that is away. */
  get heldBytes(): number {
    return this.wire.stats().kept + this.wire.queued
  }

  /**
   * Opens a stream for a visitor of `tunnel`; `first` are the visitor's bytes that came already. `target` gets what
   * the upstream says, and `onClose` with the reason when the upstream was not reached.
   * `connectionId`: for the logs of both sides; by default 32 hexadecimal digits are drawn.
   * Whoever calls must call `visitorGone` once, when the visitor is.
   * Throws NetworkError or LimitError when it cannot even be tried.
   */
  openStream(
    tunnel: Tunnel,
    visitor: Visitor,
    first: Buffer | null,
    target: StreamHandler,
    connectionId?: string,
  ): Stream {
    const stream = this.#visitors.open(tunnel, visitor, first, target, connectionId)
    if (this.#visitors.size === 1) this.#context.onActive(this)
    this.#decideCarriers(this.#context.clock.now())
    return stream
  }

  /** `openStream` threw `error`, so that a visitor of `tunnel` is turned away. */
  visitorTurnedAway(tunnel: Tunnel, error: unknown): void {
    this.#visitors.turnedAway(tunnel, error)
  }

  /** The visitor of a stream is gone, and all of its bytes with it. */
  visitorGone(stream: Stream): void {
    this.#visitors.gone(stream)
  }

  /** Regular work, every quarter of a second: deadlines and carriers. False when nothing is left to do. */
  tick(now: number): boolean {
    if (this.#closed) return false
    this.#visitors.expire(now)
    this.#visitors.keepQuota(this.rights)
    this.#policy.sample(now, this.wire.carriers)
    this.#decideCarriers(now)
    return this.#visitors.size > 0 || this.#policy.wanted > 1
  }

  /** Holds the streams that are open to the bandwidth that the rights give now. */
  pace(): void {
    this.#visitors.pace()
  }

  /** Whether the agent answers a ping on any carrier within `ms`. */
  answers(ms: number): Promise<boolean> {
    return this.wire.answers(ms)
  }

  /** Ends one tunnel whose address went elsewhere: the agent (`notice`: and its user) is told why, its visitors are cut off. */
  loseTunnel(tunnel: Tunnel, error: UniRouteError, notice = false): void {
    if (notice) this.notify(error.code, error.message)
    if (this.#removeTunnel(tunnel, error)) this.#send({ refused: refusedOf(error, { tunnelId: tunnel.id }) })
  }

  /** Tells the user of the agent something that is wrong. */
  notify(code: Code, text: string): void {
    this.#send({ notice: { level: NoticeLevel.ERROR, code, text: clip(text) } })
  }

  /** Ends the session: visitors are cut off, the agent is told why, and cut off as well if it does not read that. */
  refuse(error: UniRouteError): void {
    if (this.#closed || this.#refused !== null) return
    this.#refused = setTimeout(() => this.wire.destroy(error), REFUSED_MS)
    this.#send({ refused: refusedOf(error, { retryable: isPassing(error) }) })
    this.#releaseTunnels(error.code)
    this.#visitors.cut(error)
    this.wire.close(error)
  }

  /** Ends the session; visitors that are still there are cut off, by a reset, so that none takes it for a whole answer. */
  close(reason: UniRouteError): void {
    this.#leaving = 'UR_SERVER_DRAINING'
    this.#visitors.cut(reason)
    this.wire.close()
  }

  /** Tells the agent that the server will close; visitors that are there may stay. */
  drain(graceMs: number, reason: string, instead: readonly string[]): void {
    if (this.#closed || this.#draining) return
    this.#draining = true
    this.#send({ drain: { graceMs, reason, instead: [...instead] } })
    this.wire.goAway()
  }

  #send(message: ControlInit): void {
    this.#control?.send(message)
  }

  // The control stream.

  #onStream(stream: Stream): void {
    if (this.#control !== null || stream.id !== CONTROL_STREAM_ID) {
      stream.reset(new ProtocolError('UR_PROTOCOL_UNEXPECTED', 'Agents open one stream, the control stream.'))
      return
    }
    const { clock } = this.#context
    const onMessage = (message: Control): void => this.#onMessage(message)
    const onClose = (error: Error | null): void => this.wire.close(error)
    const options = { clock, maxMessagesPerSecond: this.#context.limits().controlRate }
    this.#control = new ControlChannel(stream, { onMessage, onClose }, options)
  }

  #onMessage(message: Control): void {
    if (message.bind) void this.#desk.bind(message.bind)
    else if (message.unbind) this.#unbind(message.unbind.tunnelId)
    else if (message.drain) this.#onAgentDrains(message.drain.reason)
  }

  #unbind(tunnelId: number): void {
    const tunnel = this.tunnels.get(tunnelId)
    if (tunnel === undefined) return
    tunnel.member?.pool.giveUp(tunnel)
    this.#removeTunnel(tunnel, new RefusedError('UR_TUNNEL_CLOSED', `${tunnel.publicUrl} was closed by its agent.`))
  }

  #removeTunnel(tunnel: Tunnel, reason: UniRouteError): boolean {
    if (!tunnel.bound) return false
    this.#unbindTunnel(tunnel, reason.code)
    const known = this.tunnels.delete(tunnel.id)
    this.#visitors.cut(reason, tunnel)
    this.#log.info(
      { tunnel: tunnel.id, name: tunnel.name, url: tunnel.publicUrl, reason: reason.message },
      'tunnel closed',
    )
    return known
  }

  /** The agent leaves when its visitors have: no new ones. */
  #onAgentDrains(reason: string): void {
    this.#leaving ??= 'UR_AGENT_DRAINING'
    if (this.#draining) return
    this.#draining = true
    this.#log.info({ reason: clip(reason) }, 'agent drains')
    this.#releaseTunnels('UR_AGENT_DRAINING')
  }

  /** Frees every address; visitors that are there stay. */
  #releaseTunnels(why: Code): void {
    for (const tunnel of this.tunnels.values()) this.#unbindTunnel(tunnel, why)
    this.tunnels.clear()
  }

  #unbindTunnel(tunnel: Tunnel, why: Code): void {
    this.#context.binder.release(tunnel)
    if (!tunnel.bound) return
    tunnel.unbind()
    if (this.tunnels.has(tunnel.id)) this.#context.observer.tunnelUnbound(tunnel, why)
  }

  // Streams and carriers.

  #decideCarriers(now: number): void {
    if (this.wire.rtt !== null) this.#policy.roundTrip(this.wire.rtt)
    const wanted = this.#policy.decide(now, this.wire.carriers, this.#visitors.size)
    if (wanted === this.#toldCarriers) return
    this.#toldCarriers = wanted
    this.#send({ carriers: { wanted } })
  }

  // The agent is away.

  #onHold(error: Error | null): void {
    this.#heldAt = this.#context.clock.now()
    this.#visitors.hold()
    const reason = clip(error?.message ?? 'its connections were closed without a word')
    this.#log.info({ visitors: this.#visitors.size, reason }, 'agent away, visitors held')
    this.#context.onHold(this)
    this.#context.observer.sessionChanged(this)
    for (const tunnel of this.tunnels.values()) tunnel.away()
  }

  #onResume(): void {
    const heldMs = this.#endHold('resumed')
    this.#context.observer.sessionChanged(this)
    this.#visitors.resume()
    for (const tunnel of this.tunnels.values()) tunnel.member?.pool.wake()
    this.#log.info({ visitors: this.#visitors.size, held_ms: Math.round(heldMs) }, 'agent back')
  }

  #endHold(end: 'resumed' | Code): number {
    if (this.#heldAt === null) return 0
    const heldMs = this.#context.clock.now() - this.#heldAt
    this.#heldAt = null
    this.#context.onHoldEnd(this)
    this.#context.hooks.held(heldMs, end)
    return heldMs
  }

  // The end.

  #onClose(error: Error | null): void {
    this.#closed = true
    this.rights.sessions--
    this.#endHold(error instanceof UniRouteError ? error.code : 'UR_WIRE_CARRIER_LOST')
    if (this.#refused !== null) clearTimeout(this.#refused)
    this.#waiting.letAllIn()
    const { why, fields } = sessionEnd(error, this.#leaving)
    this.#releaseTunnels(why)
    this.#log.info(fields, 'session closed')
    this.#context.onClose(this, why)
  }
}

/** Whether the agent is to come back: there may be room then, or it has a certificate in the place of one that expired. */
function isPassing(error: UniRouteError): boolean {
  return error instanceof LimitError || error.code === 'UR_AGENT_CERT_EXPIRED'
}
