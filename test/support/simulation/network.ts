import type { Random } from '../random.js'
import { Link, type Ending, type Path, type SimSocket } from './link.js'
import type { Turns } from './turns.js'

/** Portions in which bytes move. */
const PORTIONS = [1, 13, 200, 2_000, 100_000]
/** More rounds than anything takes that comes to rest. */
const MOST_ROUNDS = 5_000

/** The connections of a history, and all that happens on them. */
export class Network {
  links: Link[] = []
  readonly #random: Random
  readonly #path: Path
  readonly #welcome: ((link: Link) => void) | null

  /** @param welcome the client has had the server's answer on this link; null: it is not told here */
  constructor(random: Random, path: Path, welcome: ((link: Link) => void) | null) {
    this.#random = random
    this.#path = path
    this.#welcome = welcome
  }

  add(number: number, returns: boolean): Link {
    const delayMs = this.#path.delayMs * this.#random.pick([1, 1, 3])
    const link = new Link(number, returns, { ...this.#path, delayMs })
    this.links.push(link)
    return link
  }

  /** Cuts one of them at some byte each way; the ends notice now, later, or never. */
  cut(): void {
    const link = this.links.length === 0 ? null : this.#random.pick(this.links)
    if (link === null || link.dead) return
    const ending = (): Ending | null => this.#random.pick(['fin', 'rst', null])
    const { up, down } = link.underWay
    link.cut({ up: this.#random.below(up + 1), down: this.#random.below(down + 1) }, { up: ending(), down: ending() })
    if (this.#random.chance(0.3)) {
      for (const end of link.held) end.fail()
    } else if (this.#random.chance(0.3)) link.server.fail()
  }

  /** A portion leaves one of the sockets. */
  send(): void {
    this.#anySocket(({ sendable }) => sendable > 0)?.send(this.#random.pick(PORTIONS))
  }

  /** A portion comes, or an answer to a new connection. */
  receive(): void {
    const unwelcomed = this.links.filter(answered)
    if (unwelcomed.length > 0 && this.#random.chance(0.4)) return this.#welcome?.(this.#random.pick(unwelcomed))
    this.#anySocket(({ receivable }) => receivable)?.receive(this.#random.pick(PORTIONS))
  }

  /** Everything moves for a moment, a different way on each connection. */
  rush(): void {
    for (const link of this.links) {
      if (answered(link)) this.#welcome?.(link)
      for (const end of link.held) {
        const most = this.#random.pick([0, 13, 2_000, 100_000])
        if (end.sendable > 0 && most > 0) end.send(most)
        if (end.receivable && most > 0) end.receive(most)
      }
    }
  }

  /** An end of a connection is told that it is closed. */
  tellClose(): void {
    this.#anySocket(({ closing }) => closing)?.tellClose()
    this.forget()
  }

  /** Drops those that are over. */
  forget(): void {
    this.links = this.links.filter(({ over }) => !over)
  }

  /** What is cut and was not noticed is noticed now. */
  notice(): void {
    for (const link of this.links) if (link.dead) link.cut(link.underWay, { up: 'rst', down: 'rst' })
  }

  /**
   * Moves everything until nothing moves any more, and lets the time pass that bytes are under way.
   * @param look is called after each round
   */
  flow(turns: Turns, look: () => void = () => {}): void {
    for (let rounds = 0, moved = true; moved; rounds++) {
      if (rounds > MOST_ROUNDS) throw new Error('it never comes to rest')
      moved = this.#round()
      moved = turns.turn() || moved
      look()
      if (!moved) moved = this.#wait(turns)
    }
    this.forget()
  }

  /** Until the next bytes that are under way come. False: none are. */
  #wait(turns: Turns): boolean {
    const at = this.#nextAt
    const ms = at === null ? 0 : at - turns.now()
    if (ms > 0) turns.advance(ms)
    return ms > 0
  }

  get #nextAt(): number | null {
    let next: number | null = null
    for (const link of this.links) {
      for (const { receivableAt } of link.held) {
        if (receivableAt !== null && (next === null || receivableAt < next)) next = receivableAt
      }
    }
    return next
  }

  #round(): boolean {
    let moved = false
    for (const link of this.links) {
      if (this.#welcome !== null && answered(link)) {
        this.#welcome(link)
        moved = true
      }
      for (const end of link.held) {
        if (end.sendable > 0) end.send(Infinity)
        else if (end.receivable) end.receive(Infinity)
        else if (end.closing) end.tellClose()
        else continue
        moved = true
      }
    }
    return moved
  }

  #anySocket(wanted: (socket: SimSocket) => boolean): SimSocket | null {
    const sockets: SimSocket[] = []
    for (const link of this.links) for (const end of link.held) if (wanted(end)) sockets.push(end)
    return sockets.length === 0 ? null : this.#random.pick(sockets)
  }
}

/** The server's answer is under way to the client, which does not know yet. */
function answered(link: Link): boolean {
  return !link.welcomed && link.underWay.down > 0
}
