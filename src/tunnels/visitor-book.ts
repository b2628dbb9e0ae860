import { NetworkError, UniRouteError } from '../core/errors.js'
import type { LogFields } from '../core/logger.js'
import type { ThrottledLog } from '../core/throttled-log.js'
import { HEADROOM, type Carrier, type Session, type Stream, type StreamHandler } from '../wire/index.js'
import type { TokenRights, Visitor } from './api.js'
import { clip } from './clip.js'
import { Openings } from './openings.js'
import { PacedHandler } from './paced-handler.js'
import type { AgentSessionContext } from './session-context.js'
import { kindName, type Tunnel } from './tunnel.js'
import { openingSlab, VisitorStream } from './visitor-stream.js'

/** What the book needs of its session. */
export interface VisitorBookOptions {
  readonly wire: Session
  readonly context: AgentSessionContext
  /** For what visitors can provoke. */
  readonly log: ThrottledLog
  /** No new visitors are taken. */
  leaving(): boolean
  /** The carrier for a new stream; undefined: any. */
  pick(): Carrier | undefined
}

/** An open stream of a visitor. */
export interface OpenStream {
  readonly stream: Stream
  readonly tunnel: Tunnel
  /** `http` tunnels: of the first request that it carried. */
  readonly visitor: Visitor
  /** Time of the clock, ms. */
  readonly openedAt: number
}

/** The streams of one agent's visitors, from StreamOpen to the end. */
export class VisitorBook {
  readonly #options: VisitorBookOptions
  readonly #streams = new Map<Stream, OpenStream>()
  readonly #openings = new Openings()
  /** `http` tunnels: bytes of a stream, from and to visitors, that are in the traffic already. */
  readonly #counted = new Map<Stream, readonly [number, number]>()

  constructor(options: VisitorBookOptions) {
    this.#options = options
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size
  }

  /** Every open stream. */
  streams(): IterableIterator<OpenStream> {
    return this.#streams.values()
  }

  /** As `AgentSession.openStream`. */
  open(
    tunnel: Tunnel,
    visitor: Visitor,
    first: Buffer | null,
    target: StreamHandler,
    connectionId = this.#options.context.connectionIds.next(),
  ): Stream {
    const { wire, context, pick, leaving } = this.#options
    if (leaving() || !tunnel.bound) {
      throw new NetworkError('UR_AGENT_OFFLINE', `The agent of ${tunnel.publicUrl} is about to leave; try again.`)
    }
    const { held } = wire
    if (held) this.#checkMayWait(tunnel)
    const { rights } = tunnel.session
    const problem = context.full ?? (tunnel.http === null ? rights.takeRequest() : null) ?? rights.streamProblem()
    if (problem !== null) throw problem
    const now = context.clock.now()
    const carrier = pick()
    const stream = wire.open(carrier === undefined ? {} : { carrier })
    this.#streams.set(stream, { stream, tunnel, visitor, openedAt: now })
    this.#openings.add(stream, now + (held ? tunnel.holdMs : context.limits().acceptTimeoutMs))
    context.totals.visitors[kindName(tunnel.kind)]++
    tunnel.traffic.addConnection()
    tunnel.visitorsOpen++
    rights.streams++
    stream.attach(
      new VisitorStream(target, {
        accepted: () => {
          this.#openings.delete(stream)
          context.hooks.streamOpened(context.clock.now() - now)
        },
        failed: (error) => this.#onOpenFailed(stream, tunnel, connectionId, error),
      }),
    )
    this.#pace(stream, tunnel)
    const slab = openingSlab(tunnel, connectionId, visitor, first)
    stream.writeSlab(slab, HEADROOM, slab.length)
    return stream
  }

  /** `open` threw `error`, so that a visitor of `tunnel` is turned away. */
  turnedAway(tunnel: Tunnel, error: unknown): void {
    const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
    this.#options.context.hooks.streamFailed(code)
    const fields = { tunnel: tunnel.id, name: tunnel.name, reason: (error as Error).message }
    this.#options.log.warn(code, fields, 'visitor not served')
  }

  /** The visitor of a stream is gone, and all of its bytes with it. */
  gone(stream: Stream): void {
    const tunnel = this.#streams.get(stream)?.tunnel
    if (tunnel === undefined) return
    this.#streams.delete(stream)
    this.#openings.delete(stream)
    tunnel.visitorsOpen--
    tunnel.session.rights.streams--
    if (tunnel.http !== null) this.#count(stream, tunnel)
    this.#counted.delete(stream)
  }

  /** Adds what has passed to the traffic of `http` tunnels; that of others is counted as it passes. */
  countHttp(): void {
    for (const { stream, tunnel } of this.#streams.values()) if (tunnel.http !== null) this.#count(stream, tunnel)
  }

  #count(stream: Stream, { traffic }: Tunnel): void {
    const { bytesIn, bytesOut } = stream
    const [fromVisitor, toVisitor] = this.#counted.get(stream) ?? [0, 0]
    if (bytesOut === fromVisitor && bytesIn === toVisitor) return
    this.#counted.set(stream, [bytesOut, bytesIn])
    traffic.addBytes(bytesOut - fromVisitor, bytesIn - toVisitor)
  }

  /** Resets all streams when the bytes of the day are used up. */
  keepQuota(rights: TokenRights): void {
    if (!rights.countsBytes) return
    this.countHttp()
    const problem = rights.spentProblem()
    if (problem !== null) this.cut(problem)
  }

  /** Holds every stream to the paces that its token and tunnel have now. */
  pace(): void {
    for (const { stream, tunnel } of this.#streams.values()) this.#pace(stream, tunnel)
  }

  #pace(stream: Stream, tunnel: Tunnel): void {
    const paces = tunnel.paces(this.#options.context.clock)
    const { gate, handler } = stream
    if (gate instanceof PacedHandler) {
      gate.paces = paces
      return
    }
    if (paces.length === 0 || handler === null) return
    const make = (target: StreamHandler): PacedHandler => new PacedHandler(target, stream, paces)
    if (handler instanceof VisitorStream) {
      stream.gate = handler.interpose(make)
      return
    }
    const paced = make(handler)
    stream.gate = paced
    stream.attach(paced)
  }

  /** Resets the streams of `tunnel`, or of all. */
  cut(reason: Error, tunnel?: Tunnel): void {
    for (const open of [...this.#streams.values()]) {
      if (tunnel === undefined || open.tunnel === tunnel) open.stream.reset(reason)
    }
  }

  /** Resets those that the agent did not answer in time. */
  expire(now: number): void {
    this.#openings.expire(now, this.#options.wire.held)
  }

  /** The agent is away: what it was asked waits. */
  hold(): void {
    this.#openings.suspend()
  }

  /** The agent is back. */
  resume(): void {
    const { clock, limits } = this.#options.context
    this.#openings.restart(clock.now() + limits().acceptTimeoutMs)
  }

  #checkMayWait({ holdMs, publicUrl }: Tunnel): void {
    if (holdMs > 0 && this.#options.context.mayWait) return
    const why = holdMs === 0 ? 'visitors may not wait for it' : 'too many visitors wait already'
    throw new NetworkError('UR_AGENT_AWAY', `The agent of ${publicUrl} lost its connection, and ${why}.`)
  }

  #onOpenFailed(stream: Stream, tunnel: Tunnel, connection: string, error: Error): void {
    this.#openings.delete(stream)
    const code = error instanceof UniRouteError ? error.code : 'UR_VISITOR_GONE'
    this.#options.context.hooks.streamFailed(code)
    const fields: LogFields = { tunnel: tunnel.id, name: tunnel.name, connection, reason: clip(error.message) }
    this.#options.log.info(code, fields, 'visitor not served')
  }
}
