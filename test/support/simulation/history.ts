import { UniRouteError } from '../../../src/core/errors.js'
import { INITIAL_WINDOW } from '../../../src/wire/frame.js'
import { Session, WindowBudget, type SessionOptions } from '../../../src/wire/index.js'
import type { Random } from '../random.js'
import { Flow, LARGEST, type End, type Side } from './flows.js'
import { Link, type Ending, type SimSocket } from './link.js'
import { Turns } from './turns.js'

/**
 * What a history may come to. `whole`: carriers come and go, and nothing else. `short`: the budget for what is sent again
 * is so small that sessions end of it. `leaving`: a side ends the session, or says that it will.
 */
type Kind = 'whole' | 'short' | 'leaving'

const SIDES: readonly Side[] = ['client', 'server']
const MOST_STREAMS = 5
const MOST_LINKS = 4
/** How a session may end where it must not end of itself. Whatever two honest sides do, no rule of the wire is broken. */
const GOOD_ENDS: Record<Kind, ReadonlySet<string>> = {
  whole: new Set(['null']),
  short: new Set(['null', 'UR_RESUME_BUDGET', 'UR_RESUME_TIMEOUT']),
  leaving: new Set([
    'null',
    'read ECONNRESET',
    'read ETIMEDOUT',
    'UR_RESUME_TIMEOUT',
    'UR_WIRE_TIMEOUT',
    'UR_RESUME_BUDGET',
    'ended',
  ]),
}
const SIZES = [1, 5, 30, 100, 500, 1500, 1500, 5000, 5000, LARGEST]

/** What became of a history, for the tally. */
export interface Outcome {
  readonly kind: Kind
  readonly ended: boolean
  readonly sentAgain: boolean
  readonly held: boolean
}

/** One life of a session, both sides of it, with carriers that are cut anywhere; made of random numbers alone. */
export class History {
  readonly #random: Random
  readonly #kind: Kind
  readonly #turns = new Turns()
  readonly #sessions: Record<Side, Session>
  readonly #budgets: Record<Side, WindowBudget>
  readonly #closes: Record<Side, string[]> = { client: [], server: [] }
  readonly #flows = new Map<number, Flow>()
  #links: Link[] = []
  #held = false

  constructor(random: Random) {
    this.#random = random
    const dice = random.below(100)
    this.#kind = dice < 70 ? 'whole' : dice < 85 ? 'short' : 'leaving'
    const limit = this.#kind === 'short' ? 100 + random.below(30_000) : 8 * 1024 * 1024
    this.#budgets = { client: new WindowBudget(limit), server: new WindowBudget(limit) }
    const resumeTimeoutMs = this.#kind === 'leaving' && random.chance(0.2) ? 0 : 30_000
    this.#sessions = {
      client: this.#session('client', resumeTimeoutMs),
      server: this.#session('server', resumeTimeoutMs),
    }
  }

  /** Lives it to its end. Throws where the model and the wire disagree. */
  live(): Outcome {
    return this.#turns.run(() => {
      this.#addLink(false)
      this.#welcome(this.#links[0]!)
      for (let left = 10 + this.#random.below(90); left > 0; left--) {
        this.#step()
        this.#checkBounds()
      }
      const sentAgain = SIDES.some((side) => this.#sessions[side].stats().sentAgain > 0)
      const orderly = this.#settle()
      this.#finish(orderly)
      return { kind: this.#kind, ended: !orderly, sentAgain, held: this.#held }
    })
  }

  #session(side: Side, resumeTimeoutMs: number): Session {
    const options: Partial<SessionOptions> = {
      resumable: true,
      clock: this.#turns,
      resendBudget: this.#budgets[side],
      resumeTimeoutMs,
      windowMax: INITIAL_WINDOW,
      carrierBacklog: this.#random.pick([500, 8_000, 256 * 1024]),
      streamQueue: this.#random.pick([500, 8_000, 256 * 1024]),
      controlRate: 100_000,
    }
    return new Session(side, options, {
      onStream: (stream) => {
        const flow = this.#flows.get(stream.id)
        if (flow === undefined || flow.side === side) throw new Error(`stream ${stream.id} was never opened`)
        flow.accept(stream)
      },
      onHold: () => {
        this.#held = true
      },
      onClose: (error) => this.#closes[side].push(named(error)),
    })
  }

  // Steps.

  #step(): void {
    const dice = this.#random.below(100)
    if (dice < 25) this.#write()
    else if (dice < 40) this.#send()
    else if (dice < 55) this.#receive()
    else if (dice < 68) this.#rush()
    else if (dice < 78) this.#turns.turn()
    else if (dice < 82) this.#open()
    else if (dice < 86) this.#cut()
    else if (dice < 90) this.#addLink()
    else if (dice < 92) this.#anyEnd()?.end()
    else if (dice < 93) this.#anyEnd()?.giveUp()
    else if (dice < 95) this.#beLazy()
    else if (dice < 97) this.#turns.advance(this.#random.pick([5, 60, 400, 1_300]))
    else if (dice < 99) this.#tellCloses()
    else this.#leave()
  }

  #write(): void {
    const end = this.#anyEnd()
    if (end === null) return this.#open()
    end.write(this.#random.pick(SIZES), this.#random.pick(['owned', 'borrowed', 'slab']))
  }

  #open(): void {
    const side = this.#random.pick(SIDES)
    const session = this.#sessions[side]
    if (this.#flows.size >= MOST_STREAMS || session.closed || session.leaving) return
    if (session.pickCarrier() === null && !session.held) return
    const stream = session.open()
    this.#flows.set(stream.id, new Flow(stream, side))
  }

  #beLazy(): void {
    const end = this.#anyEnd()
    if (end === null || end.closed) return
    end.lazy = !end.lazy
    end.consume()
  }

  /** A connection: the server takes it in, and the client learns of it when the answer comes. */
  #addLink(returns = this.#random.chance(0.2)): void {
    const { server, client } = this.#sessions
    if (this.#links.length >= MOST_LINKS || server.closed || server.leaving || client.closed || client.leaving) return
    const link = new Link(server.nextCarrierNumber, returns)
    this.#links.push(link)
    const former = [...server.carriers]
    server.addCarrier(link.server.socket, undefined, link.number)
    if (returns) for (const other of former) other.lose()
  }

  #welcome(link: Link): void {
    link.welcomed = true
    const { client } = this.#sessions
    link.client.on('error', () => {})
    if (client.closed || client.leaving || !client.recovery.mayAdd(link.number)) return link.client.destroy()
    const former = [...client.carriers]
    client.addCarrier(link.client.socket, undefined, link.number)
    if (link.returns) for (const other of former) other.lose()
  }

  #cut(): void {
    const link = this.#anyLink()
    if (link === null || link.dead) return
    const ending = (): Ending | null => this.#random.pick(['fin', 'rst', null])
    const { up, down } = link.underWay
    link.cut({ up: this.#random.below(up + 1), down: this.#random.below(down + 1) }, { up: ending(), down: ending() })
    if (this.#random.chance(0.3)) {
      for (const end of link.ends) if (link.welcomed || end === link.server) end.fail()
    } else if (this.#random.chance(0.3)) link.server.fail()
  }

  #leave(): void {
    const session = this.#sessions[this.#random.pick(SIDES)]
    if (this.#kind !== 'leaving') {
      const carrier = session.carriers.length > 1 ? this.#random.pick(session.carriers) : null
      carrier?.retire()
      return
    }
    const how = this.#random.below(4)
    if (how < 2) session.goAway()
    else if (how === 2) session.close()
    else session.destroy(new Error('ended'))
  }

  #send(): void {
    const end = this.#anySocket((socket) => socket.sendable > 0)
    end?.send(this.#random.pick([1, 13, 200, 2_000, 100_000]))
  }

  #receive(): void {
    const unwelcomed = this.#links.filter((link) => !link.welcomed && link.underWay.down > 0)
    if (unwelcomed.length > 0 && this.#random.chance(0.4)) return this.#welcome(this.#random.pick(unwelcomed))
    const end = this.#anySocket((socket) => socket.receivable)
    end?.receive(this.#random.pick([1, 13, 200, 2_000, 100_000]))
  }

  /** Everything moves for a moment, a different way on each connection. */
  #rush(): void {
    for (const link of this.#links) {
      if (!link.welcomed && link.underWay.down > 0) this.#welcome(link)
      for (const end of link.welcomed ? link.ends : [link.server]) {
        const most = this.#random.pick([0, 13, 2_000, 100_000])
        if (end.sendable > 0 && most > 0) end.send(most)
        if (end.receivable && most > 0) end.receive(most)
      }
    }
  }

  #tellCloses(): void {
    this.#anySocket((socket) => socket.closing)?.tellClose()
    this.#links = this.#links.filter((link) => !link.over)
  }

  #anyEnd(): End | null {
    const flows = [...this.#flows.values()]
    if (flows.length === 0) return null
    const flow = this.#random.pick(flows)
    return flow.acceptor !== null && this.#random.chance(0.5) ? flow.acceptor : flow.opener
  }

  #anyLink(): Link | null {
    return this.#links.length === 0 ? null : this.#random.pick(this.#links)
  }

  #anySocket(wanted: (socket: SimSocket) => boolean): SimSocket | null {
    const sockets = this.#links.flatMap((link) => (link.welcomed ? link.ends : [link.server])).filter(wanted)
    return sockets.length === 0 ? null : this.#random.pick(sockets)
  }

  // The end.

  /** Lets everything come that is under way, over one good connection at least. False: a session has ended. */
  #settle(): boolean {
    for (const link of this.#links) if (link.dead) link.cut(link.underWay, { up: 'rst', down: 'rst' })
    this.#flowOn()
    this.#addLink(true)
    this.#flowOn()
    for (let round = 0; round < 3; round++) {
      for (const flow of this.#flows.values()) {
        for (const end of [flow.opener, flow.acceptor]) {
          if (end === null || end.closed) continue
          end.lazy = false
          end.consume()
          end.end()
        }
      }
      this.#flowOn()
      this.#turns.advance(1_250)
      this.#flowOn()
    }
    return SIDES.every((side) => this.#closes[side].length === 0) && this.#kind !== 'leaving'
  }

  /** Moves everything until nothing moves any more. */
  #flowOn(): void {
    for (let rounds = 0; ; rounds++) {
      if (rounds > 5_000) throw new Error('it never comes to rest')
      let moved = this.#turns.turn()
      for (const link of this.#links) {
        if (!link.welcomed && link.underWay.down > 0) {
          this.#welcome(link)
          moved = true
        }
        for (const end of link.welcomed ? link.ends : [link.server]) {
          if (end.sendable > 0) end.send(Infinity)
          else if (end.receivable) end.receive(Infinity)
          else if (end.closing) end.tellClose()
          else continue
          moved = true
        }
      }
      this.#checkBounds()
      if (!moved) break
    }
    this.#links = this.#links.filter((link) => !link.over)
  }

  #finish(orderly: boolean): void {
    const { client, server } = this.#sessions
    if (orderly) {
      for (const side of SIDES) {
        const { lostCarriers, kept, unconsumed, streams } = this.#sessions[side].stats()
        if (lostCarriers + streams + unconsumed > 0) {
          throw new Error(`${side}: ${lostCarriers} carriers, ${streams} streams, ${unconsumed} bytes are left`)
        }
        if (kept > 500) throw new Error(`${side}: ${kept} bytes are kept of which all have come`)
      }
      for (const flow of this.#flows.values()) flow.check(true)
    }
    this.#random.pick([client, server]).close()
    this.#flowOn()
    this.#turns.advance(40_000)
    this.#flowOn()
    this.#turns.advance(40_000)
    for (const side of SIDES) {
      const told = this.#closes[side]
      const session = this.#sessions[side]
      if (told.length !== 1 || !session.closed) throw new Error(`${side}: closed ${told.length} times`)
      if (!GOOD_ENDS[this.#kind].has(told[0]!)) throw new Error(`${side}: closed with ${told[0]} (${this.#kind})`)
      const { streams, unconsumed, kept } = session.stats()
      const left = [streams, unconsumed, kept, this.#budgets[side].used, session.options.windowBudget.used]
      if (left.some((amount) => amount !== 0)) throw new Error(`${side}: left behind ${left.join(', ')}`)
    }
    if (!orderly) for (const flow of this.#flows.values()) flow.check(false)
    if (this.#turns.timers > 0) throw new Error(`${this.#turns.timers} timers are left`)
  }

  #checkBounds(): void {
    for (const side of SIDES) {
      const session = this.#sessions[side]
      const { unconsumed, streams, kept, lostCarriers } = session.stats()
      const { used, limit } = this.#budgets[side]
      if (used !== kept || used > limit) throw new Error(`${side}: ${used} bytes of ${limit} are booked, ${kept} kept`)
      if (unconsumed > streams * INITIAL_WINDOW) throw new Error(`${side}: ${unconsumed} bytes wait to be consumed`)
      if (lostCarriers > 64) throw new Error(`${side}: ${lostCarriers} lost carriers`)
    }
  }
}

function named(error: Error | null): string {
  if (error === null) return 'null'
  return error instanceof UniRouteError ? error.code : error.message
}
