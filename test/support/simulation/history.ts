import { UniRouteError } from '../../../src/core/errors.js'
import { INITIAL_WINDOW } from '../../../src/wire/frame.js'
import { Session, WindowBudget, type Carrier } from '../../../src/wire/index.js'
import type { Random } from '../random.js'
import { Arena } from './arena.js'
import { circumstances, GOOD_ENDS, sizes, type Circumstances } from './circumstances.js'
import { Faults, Flow, type End, type Side } from './flows.js'
import type { Link } from './link.js'
import { Network } from './network.js'
import { Turns } from './turns.js'

const SIDES: readonly Side[] = ['client', 'server']
/** Budgets of the process, of which neither side's is ever short. */
const PROCESS_LIMIT = 1024 * 1024 * 1024

/** What is under way, in one history after the other. */
const MEMORY = new Arena()

/** One life of a session, both sides of it, with carriers that are cut anywhere; made of random numbers alone. */
export class History {
  /** What came up in it. */
  readonly words = new Set<string>()
  readonly #random: Random
  readonly #circumstances: Circumstances
  readonly #turns = new Turns()
  readonly #network: Network
  readonly #sessions: Record<Side, Session>
  /** Of the process: what may be sent again, and windows. */
  readonly #process = { resend: new WindowBudget(PROCESS_LIMIT), window: new WindowBudget(PROCESS_LIMIT) }
  readonly #closes: Record<Side, string[]> = { client: [], server: [] }
  readonly #flows: Flow[] = []
  readonly #faults = new Faults()
  #closer: Side | null = null

  constructor(random: Random) {
    this.#random = random
    this.#circumstances = circumstances(random)
    this.words.add(this.#circumstances.kind)
    MEMORY.reset()
    const { delayMs } = this.#circumstances
    const path = { clock: this.#turns, delayMs, copy: (bytes: Buffer) => MEMORY.copy(bytes) }
    this.#network = new Network(random, path, (link) => this.#welcome(link))
    this.#sessions = { client: this.#session('client'), server: this.#session('server') }
  }

  /** Lives it to its end. Throws where the model and the wire disagree. */
  live(): void {
    this.#turns.run(() => {
      this.#begin()
      for (let left = 10 + this.#random.below(90); left > 0; left--) {
        this.#step()
        this.#look()
      }
      if (SIDES.some((side) => this.#sessions[side].stats().sentAgain > 0)) this.words.add('sent again')
      const orderly = this.#settle()
      if (!orderly) this.words.add('ended')
      this.#finish(orderly)
    })
  }

  #session(side: Side): Session {
    const { resendLimit, windowLimit, resumeTimeoutMs } = this.#circumstances
    return new Session(
      side,
      {
        ...sizes(this.#random, this.#circumstances),
        resumable: true,
        resumeTimeoutMs,
        resendBudget: new WindowBudget(resendLimit, this.#process.resend),
        windowBudget: new WindowBudget(windowLimit, this.#process.window),
        clock: this.#turns,
      },
      {
        onStream: (stream) => {
          const flow = this.#flows.find(({ opener }) => opener.stream.id === stream.id)
          if (flow === undefined || flow.side === side) return this.#faults.add(`stream ${stream.id} was never opened`)
          flow.accept(stream)
        },
        onCarrierClose: (carrier) => this.#onCarrierClose(side, carrier),
        onHold: () => this.words.add('held'),
        onClose: (error) => this.#closes[side].push(named(error)),
      },
    )
  }

  #onCarrierClose(side: Side, { lanes }: Carrier): void {
    if (lanes.size > 0) this.words.add('striped, carrier lost')
    if (this.#sessions[side].stats().reordering > 0) this.words.add('reordered, carrier lost')
  }

  /** One connection, or where streams are striped several, mostly with some streams that both sides know. */
  #begin(): void {
    const { striping, mostLinks } = this.#circumstances
    for (let left = striping ? mostLinks - this.#random.below(3) : 1; left > 0; left--) this.#addLink(false)
    for (const link of this.#network.links) this.#welcome(link)
    if (!striping || this.#random.chance(0.1)) return
    for (let left = this.#random.below(4); left > 0; left--) this.#open()
    for (const { opener } of this.#flows) opener.write(1, 'owned')
    this.#flowOn()
  }

  // Steps.

  #step(): void {
    const { striping, delayMs } = this.#circumstances
    if (striping && this.#random.chance(0.5)) this.#turns.advance(this.#random.pick([1, delayMs]))
    const dice = this.#random.below(100)
    if (dice < 25) this.#write()
    else if (dice < 40) this.#network.send()
    else if (dice < 55) this.#network.receive()
    else if (dice < 68) this.#network.rush()
    else if (dice < 78) this.#turns.turn()
    else if (dice < 82) this.#open()
    else if (dice < 86) this.#network.cut()
    else if (dice < 90) this.#addLink()
    else if (dice < 92) this.#anyEnd()?.end()
    else if (dice < 93) this.#giveUp()
    else if (dice < 95) this.#beLazy()
    else if (dice < 97) this.#turns.advance(this.#random.pick([5, 60, 400, 1_300]))
    else if (dice < 98) this.#network.tellClose()
    else if (dice < 99) this.#retire()
    else this.#leave()
  }

  #write(): void {
    const end = this.#anyEnd()
    if (end === null) return this.#open()
    const { striping, sizes } = this.#circumstances
    for (let left = striping ? this.#random.pick([1, 1, 8]) : 1; left > 0; left--) {
      end.write(this.#random.pick(sizes), this.#random.pick(['owned', 'borrowed', 'slab']))
    }
  }

  #open(): void {
    const side = this.#random.pick(SIDES)
    const session = this.#sessions[side]
    if (this.#flows.length >= this.#circumstances.mostStreams || session.closed || session.leaving) return
    if (session.pickCarrier() === null && !session.held) return
    this.#flows.push(new Flow(session.open(), side, this.#faults))
  }

  #giveUp(): void {
    const end = this.#anyEnd()
    if (end === null) return
    const { session } = end.stream
    const lanes = lanesOf(session)
    end.giveUp()
    if (lanesOf(session) < lanes) this.words.add('striped, reset')
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
    if (server.closed || server.leaving || client.closed || client.leaving) return
    if (this.#network.links.length >= this.#circumstances.mostLinks && !returns) return
    const link = this.#network.add(server.nextCarrierNumber, returns)
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

  #retire(): void {
    const { carriers } = this.#sessions[this.#random.pick(SIDES)]
    if (carriers.length > 1) this.#random.pick(carriers).retire()
  }

  #leave(): void {
    const session = this.#sessions[this.#random.pick(SIDES)]
    if (this.#circumstances.kind !== 'leaving') return this.#retire()
    const how = this.#random.below(4)
    if (how < 2) session.goAway()
    else if (how === 2) session.close()
    else session.destroy(new Error('ended'))
  }

  #anyEnd(): End | null {
    if (this.#flows.length === 0) return null
    const flow = this.#random.pick(this.#flows)
    return flow.acceptor !== null && this.#random.chance(0.5) ? flow.acceptor : flow.opener
  }

  // The end.

  /** Lets everything come that is under way, over one good connection at least. False: a session has ended. */
  #settle(): boolean {
    this.#network.notice()
    this.#flowOn()
    this.#addLink(this.#random.chance(0.5))
    this.#flowOn()
    for (let round = 0; round < 3; round++) {
      for (const flow of this.#flows) {
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
    return SIDES.every((side) => this.#closes[side].length === 0) && this.#circumstances.kind !== 'leaving'
  }

  /** Moves everything until nothing moves any more. */
  #flowOn(): void {
    this.#network.flow(this.#turns, () => this.#look())
    this.#checkStill()
  }

  /** Nothing moves any more. Then nothing waits either that could go on, not even for the next heartbeat. */
  #checkStill(): void {
    const { client, server } = this.#sessions
    for (const { ending, held, recovery } of [client, server]) if (ending || held || recovery.lostCarriers > 0) return
    for (const { opener, acceptor } of this.#flows) {
      for (const end of [opener, acceptor]) {
        if (end === null || end.closed || end.peer === null || end.peer.closed || end.peer.lazy) continue
        const { id, queued } = end.stream
        if (queued > 0) throw new Error(`${queued} bytes of stream ${id} wait for nothing`)
      }
    }
  }

  #finish(orderly: boolean): void {
    if (orderly) {
      for (const side of SIDES) this.#checkRest(side)
      for (const flow of this.#flows) flow.check(true)
      if (this.words.has('striped')) this.words.add('striped, whole')
    }
    this.#closer = this.#random.pick(SIDES)
    this.#sessions[this.#closer].close()
    for (let round = 0; round < 2; round++) {
      this.#flowOn()
      this.#turns.advance(40_000)
    }
    for (const side of SIDES) this.#checkEnd(side)
    const { resend, window } = this.#process
    if (resend.used + window.used !== 0)
      throw new Error(`${resend.used} + ${window.used} bytes are left to the process`)
    if (!orderly) for (const flow of this.#flows) flow.check(false)
    if (this.#turns.timers > 0) throw new Error(`${this.#turns.timers} timers are left`)
  }

  /** A session in which nothing goes on any more. */
  #checkRest(side: Side): void {
    const session = this.#sessions[side]
    const { lostCarriers, kept, unconsumed, reordering, streams } = session.stats()
    if (lostCarriers + streams + unconsumed + reordering + lanesOf(session) > 0) {
      const bytes = `${unconsumed} bytes, ${reordering} of them out of order`
      throw new Error(`${side}: ${lostCarriers} carriers, ${streams} streams, ${bytes} are left`)
    }
    if (kept > 500) throw new Error(`${side}: ${kept} bytes are kept of which all have come`)
  }

  /** A session that has ended. */
  #checkEnd(side: Side): void {
    const told = this.#closes[side]
    const session = this.#sessions[side]
    const { kind } = this.#circumstances
    if (told.length !== 1 || !session.closed) throw new Error(`${side}: closed ${told.length} times`)
    // The other side may find meanwhile that it cannot do without a connection that closed.
    const cutShort = kind === 'short' && side === this.#closer && told[0] === 'read ECONNRESET'
    if (!GOOD_ENDS[kind].has(told[0]!) && !cutShort) throw new Error(`${side}: closed with ${told[0]} (${kind})`)
    const { streams, unconsumed, reordering, kept } = session.stats()
    const { resendBudget, windowBudget } = session.options
    const left = [streams, unconsumed, reordering, kept, resendBudget.used, windowBudget.used]
    if (left.some((amount) => amount !== 0)) throw new Error(`${side}: left behind ${left.join(', ')}`)
  }

  /** Whether all bounds are kept; and what there is to be seen now. */
  #look(): void {
    this.#faults.check()
    for (const side of SIDES) {
      const session = this.#sessions[side]
      const { unconsumed, reordering, streams, kept, lostCarriers } = session.stats()
      const { resendBudget, windowMax } = session.options
      const { used, limit } = resendBudget
      if (used !== kept || used > limit) throw new Error(`${side}: ${used} bytes of ${limit} are booked, ${kept} kept`)
      if (unconsumed > streams * windowMax) throw new Error(`${side}: ${unconsumed} bytes wait to be consumed`)
      if (reordering > unconsumed) throw new Error(`${side}: ${reordering} bytes wait for others, of ${unconsumed}`)
      if (lostCarriers > 64) throw new Error(`${side}: ${lostCarriers} lost carriers`)
      if (reordering > 0) this.words.add('reordered')
      if (reordering > INITIAL_WINDOW / 2) this.words.add('reordered, much')
      for (const { lanes, unacknowledged } of session.carriers) {
        if (lanes.size === 0) continue
        this.words.add('striped')
        if (unacknowledged > session.options.stripeUnderWay) this.words.add('striped, full')
      }
    }
  }
}

/** Parts of striped streams on the carriers of a session. */
function lanesOf({ carriers }: Session): number {
  let lanes = 0
  for (const carrier of carriers) lanes += carrier.lanes.size
  return lanes
}

function named(error: Error | null): string {
  if (error === null) return 'null'
  return error instanceof UniRouteError ? error.code : error.message
}
