import type { Socket } from 'node:net'
import { Backoff } from '../core/backoff.js'
import type { Clock } from '../core/clock.js'
import { UniRouteError } from '../core/errors.js'
import type { LogFields, Logger } from '../core/logger.js'
import type { Welcome } from '../protocol/index.js'
import type { Carrier, Session } from '../wire/index.js'

/** How often superfluous carriers are looked at: whether they are idle by now, ms. */
const LOOK_MS = 5_000
/** A carrier that lived for so long was a good one, ms; one that is lost sooner counts as a dial that failed. */
const STEADY_MS = 10_000
/** A good one that was lost is replaced within this time, ms: the next moment may show that all of them are lost. */
const REPLACE_MS = 500
/**
 * Once the agent is back, the first of the further ones comes within this time, ms: what took its connections may have
 * taken those of a thousand other agents, and each of them needs its first one more.
 */
const REFILL_MS = 3_000

export interface CarrierPoolOptions {
  readonly session: Pick<Session, 'carriers' | 'closed' | 'held' | 'addCarrier'>
  /** Never given back. */
  readonly first: Carrier
  /** Carriers to have at the beginning, and the most there may be. */
  readonly wanted: number
  readonly limit: number
  /**
   * Makes one more connection and attaches it. `head`: bytes behind the answer; `welcome.carrier`: its number, 0: the
   * next. Must reject when the signal is aborted.
   */
  dial(signal: AbortSignal): Promise<{ socket: Socket; head: Buffer; welcome: Pick<Welcome, 'carrier'> }>
  readonly clock: Clock
  readonly log: Logger
  readonly random?: () => number
}

/** Keeps a session at the number of carriers that the server wants: dials those that are missing, gives idle ones back. */
export class CarrierPool {
  readonly #options: CarrierPoolOptions
  readonly #backoff: Backoff
  readonly #random: () => number
  /** Of the dials that are under way. */
  #abort = new AbortController()
  #stopped = false
  /** The agent has just come back: one after the other, as fast as the server can. */
  #gentle = false
  /** When each live carrier came; without the first one, and without those that were given back. */
  readonly #cameAt = new Map<Carrier, number>()
  #failedAt = -Infinity
  #wanted: number
  #dialling = 0
  #retry: NodeJS.Timeout | null = null
  #look: NodeJS.Timeout | null = null

  constructor(options: CarrierPoolOptions) {
    const { random = Math.random } = options
    this.#options = options
    this.#random = random
    this.#backoff = new Backoff({ baseMs: 500, maxMs: 15_000, random })
    this.#wanted = Math.min(options.wanted, options.limit)
  }

  /** How many the server would like. */
  want(carriers: number): void {
    this.#wanted = Math.max(1, Math.min(carriers, this.#options.limit))
    this.adjust()
  }

  /**
   * The session goes on over another connection. The further ones come a while later, one by one, each after a pause as
   * long as the one before took: so a server that is busy gets them slowly.
   */
  refill(): void {
    this.#gentle = true
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    this.#after(Math.floor(this.#random() * REFILL_MS))
  }

  /** A carrier is closed: it is replaced, later if it hardly lived. The last one is a matter of the agent. */
  gone(carrier: Carrier): void {
    this.#heedSteady()
    const cameAt = this.#cameAt.get(carrier)
    this.#cameAt.delete(carrier)
    if (this.#options.session.held) return this.#abortDials()
    const livedMs = cameAt === undefined ? Infinity : this.#options.clock.now() - cameAt
    if (livedMs >= STEADY_MS) {
      if (this.#missing > 0) this.#after(Math.floor(this.#random() * REPLACE_MS))
      return
    }
    this.#failed({ lived_ms: Math.round(livedMs) }, 'a further carrier was lost soon after it came')
  }

  /** Brings the number in order. */
  adjust(): void {
    const { session } = this.#options
    if (this.#stopped || session.closed || session.held) return
    const missing = this.#missing
    if (missing <= 0) this.#gentle = false
    const most = this.#gentle ? 1 - this.#dialling : missing
    for (let dials = 0; dials < Math.min(missing, most) && this.#retry === null; dials++) void this.#dial()
    const live = this.#live
    const surplus = live.length - this.#wanted
    if (surplus > 0) this.#giveBack(live, surplus)
  }

  /** Dials no more, and leaves the carriers that there are. */
  stop(): void {
    this.#stopped = true
    this.#abort.abort()
    if (this.#retry !== null) clearTimeout(this.#retry)
    if (this.#look !== null) clearTimeout(this.#look)
  }

  get #live(): Carrier[] {
    return this.#options.session.carriers.filter((carrier) => !carrier.retiring && !carrier.peerRetiring)
  }

  get #missing(): number {
    return this.#wanted - this.#live.length - this.#dialling
  }

  /** An agent without a connection returns by another one, which brings a new secret. */
  #abortDials(): void {
    this.#abort.abort()
    this.#abort = new AbortController()
  }

  async #dial(): Promise<void> {
    const { signal } = this.#abort
    const { clock } = this.#options
    const startedAt = clock.now()
    this.#dialling++
    try {
      const { socket, head, welcome } = await this.#options.dial(signal)
      if (signal.aborted) return void socket.destroy()
      this.#add(socket, head, welcome.carrier)
      if (this.#gentle) this.#after(clock.now() - startedAt)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof UniRouteError)) throw error
      return this.#failed({ code: error.code, reason: error.message }, 'no further carrier')
    } finally {
      this.#dialling--
    }
    this.adjust()
  }

  #add(socket: Socket, head: Buffer, number: number): void {
    const { session, clock } = this.#options
    try {
      this.#cameAt.set(session.addCarrier(socket, head, number || undefined), clock.now())
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /** Dials nothing for a while. What else fails in that time does not make it longer. */
  #failed(fields: LogFields, message: string): void {
    const { session, clock, log } = this.#options
    if (this.#stopped || session.closed || this.#retry !== null) return
    this.#heedSteady()
    this.#failedAt = clock.now()
    const delay = this.#backoff.next()
    log.warn({ ...fields, retry_in_ms: delay }, message)
    this.#after(delay)
  }

  /** Dials nothing for so long, unless it does for longer. */
  #after(ms: number): void {
    if (this.#stopped) return
    this.#retry ??= setTimeout(() => {
      this.#retry = null
      this.adjust()
    }, ms)
  }

  /** A carrier that came after the last failure and stayed: whatever was wrong is over. */
  #heedSteady(): void {
    const now = this.#options.clock.now()
    for (const cameAt of this.#cameAt.values()) {
      if (cameAt >= this.#failedAt && now - cameAt >= STEADY_MS) this.#backoff.reset()
    }
  }

  /** The newest go first, and only those without streams; the others are looked at again. */
  #giveBack(live: readonly Carrier[], surplus: number): void {
    const idle = live.filter((carrier) => carrier.streamCount === 0 && carrier !== this.#options.first)
    for (const carrier of idle.slice(-surplus)) {
      this.#cameAt.delete(carrier)
      carrier.retire()
    }
    if (idle.length >= surplus || this.#look !== null) return
    this.#look = setTimeout(() => {
      this.#look = null
      this.adjust()
    }, LOOK_MS)
  }
}
