import { NetworkError } from '../core/errors.js'
import { Carrier } from './carrier.js'
import { TYPE_LOST } from './frame.js'
import { notKept } from './loss.js'
import type { Session } from './session.js'
import { WireViolation } from './violation.js'

/** Lost carriers whose bytes are not yet in order; a peer that flaps faster than it mends makes no more. */
const MOST_LOST = 64
/** Numbers of carriers that are remembered: what is still on its way may name one that is long gone. */
const MOST_KNOWN = 4 * MOST_LOST

/** After its agent is back, the bytes of a lost carrier have at least so long to come, ms. */
const LEAST_PATIENCE_MS = 10_000

/** A carrier without a connection, until each side has the bytes that it should have brought. */
interface Lost {
  readonly carrier: Carrier
  /** Since when the exchange could go on, ms. */
  since: number
  /** How much of it we had when it was lost. */
  readonly position: number
  /** The peer was told so, last over this carrier. */
  toldOver: Carrier | null
  /** The peer told how much of it it has, and was sent the rest. */
  asked: boolean
  /** All of the peer's bytes have come. */
  replayed: boolean
}

/**
 * Puts other carriers in the place of lost ones, so that a session outlives its connections and no stream notices
 * (docs/protocol.md, "When a carrier is lost"). Each side says over any other carrier how many bytes of the lost one came
 * (LOST); the other sends the rest there (REPLAY), to be parsed as if the lost carrier had brought it, and its streams
 * go on behind that. While there is no other carrier the session is held.
 */
export class Recovery {
  /** Payload of REPLAY frames sent. */
  bytesSentAgain = 0
  /** Carriers that were lost and are, or were, to be replaced. */
  carriersLost = 0
  /** Streams that went on over another carrier; as often as they did. */
  streamsMoved = 0
  readonly #session: Session
  readonly #lost = new Map<number, Lost>()
  /** Numbers of carriers that were there, the last of them. */
  readonly #known = new Set<number>()
  #timeout: NodeJS.Timeout | null = null

  constructor(session: Session) {
    this.#session = session
  }

  /** Lost carriers whose bytes are not yet in order. */
  get lostCarriers(): number {
    return this.#lost.size
  }

  /** Bytes kept on behalf of lost carriers. */
  get kept(): number {
    let bytes = 0
    for (const { carrier } of this.#lost.values()) bytes += carrier.log?.bytes ?? 0
    return bytes
  }

  /** Whether `carrier`, which closes because of `error`, will be replaced. */
  admits(carrier: Carrier, error: Error | null): boolean {
    const { resumable, resumeTimeoutMs } = this.#session.options
    if (!resumable || this.#session.ending || error instanceof WireViolation || carrier.log?.whole !== true)
      return false
    return (resumeTimeoutMs > 0 && !this.#session.leaving) || this.#session.carriers.some((other) => other !== carrier)
  }

  /**
   * For the session: whether a carrier with this number may be added. One that the peer took for lost before we had it
   * may not: what came on it has come, or will, over another. Nor any number twice.
   */
  mayAdd(number: number): boolean {
    return !this.#known.has(number)
  }

  /** For the session: a carrier was added. */
  onAdded(carrier: Carrier): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    this.#timeout = null
    this.#know(carrier.number)
    for (const lost of this.#lost.values()) {
      lost.since = this.#session.options.clock.now()
      this.#tell(lost, carrier)
    }
  }

  /** For the session: a carrier that is to be replaced has lost its connection. */
  onClosed(carrier: Carrier): void {
    if (this.#lost.size >= MOST_LOST) {
      const message = `${MOST_LOST} connections were lost one after the other before what they should have brought was made good`
      carrier.egress.close()
      this.#session.destroy(new NetworkError('UR_RESUME_FLAPPING', message))
      return
    }
    this.carriersLost++
    const since = this.#session.options.clock.now()
    const { position } = carrier.parser
    this.#lost.set(carrier.number, { carrier, since, position, toldOver: null, asked: false, replayed: false })
    const other = this.#live()
    if (other === null) this.#hold()
    else for (const lost of this.#lost.values()) this.#tell(lost, other)
  }

  /** For a carrier: the peer lost carrier `number`, of which it has bytes up to an offset with these low 32 bits. */
  onLost(via: Carrier, number: number, offset: number): void {
    const live = this.#session.carriers.find((carrier) => carrier.number === number)
    const carrier = live ?? this.#lost.get(number)?.carrier ?? this.#neverHad(number)
    if (carrier === null) return
    if (carrier === via || carrier.parser.busy) this.#refuse(`carrier ${number} itself brought word that it is lost`)
    carrier.lose()
    const lost = this.#lost.get(number)
    // It is told again when the carrier that brought the word may not have.
    if (lost === undefined || lost.asked) return
    lost.asked = true
    // What was said since it was lost may have been too much.
    if (carrier.log?.whole !== true) {
      this.#session.destroy(notKept(null))
      return
    }
    const pieces = carrier.takeFrom(offset)
    if (pieces === null) {
      throw new WireViolation(
        'UR_WIRE_OFFSET',
        `the peer has bytes of carrier ${number} up to an offset that it cannot have`,
      )
    }
    const home = this.homeFor()
    for (const piece of pieces) this.bytesSentAgain += piece.length
    home.egress.replay(number, pieces)
    this.streamsMoved += this.#session.moveStreams(carrier, home)
    this.#forgetIfDone(lost)
  }

  /** For a carrier: whose bytes a REPLAY frame has. @throws WireViolation */
  replayed(via: Carrier, number: number): Carrier {
    const lost = this.#lost.get(number)
    if (
      lost === undefined ||
      lost.toldOver === null ||
      lost.replayed ||
      lost.carrier === via ||
      lost.carrier.parser.busy
    ) {
      return this.#refuse(`bytes of carrier ${number} came that were not asked for`)
    }
    return lost.carrier
  }

  /** For a carrier: all that the peer sent on `carrier` has come. @throws WireViolation */
  onReplayed(carrier: Carrier): void {
    const lost = this.#lost.get(carrier.number)
    if (lost === undefined) return
    if (!carrier.parser.between) this.#refuse(`the bytes of carrier ${carrier.number} end within a frame`)
    lost.replayed = true
    this.#forgetIfDone(lost)
  }

  /** The carrier for what was on one that is replaced: a live one, or a lost one that itself will be replaced. */
  homeFor(): Carrier {
    const live = this.#session.pickCarrier() ?? this.#live()
    if (live !== null) return live
    const lost = [...this.#lost.values()].filter(({ asked }) => !asked).at(-1)
    return lost?.carrier ?? this.#refuse('no carrier is left to go on with')
  }

  /** For the heartbeat: a peer that does not make good what is lost has had its time. */
  look(): void {
    if (this.#lost.size === 0 || this.#session.carriers.length === 0) return
    const { clock, resumeTimeoutMs } = this.#session.options
    const patience = Math.max(resumeTimeoutMs, LEAST_PATIENCE_MS)
    const oldest = Math.min(...[...this.#lost.values()].map(({ since }) => since))
    if (clock.now() - oldest < patience) return
    const message = `the other side did not make good what a lost connection should have brought, within ${patience / 1000} s`
    this.#session.destroy(new NetworkError('UR_RESUME_TIMEOUT', message))
  }

  /** For the session: it is closed. */
  close(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    this.#timeout = null
    for (const { carrier } of this.#lost.values()) carrier.egress.close()
    this.#lost.clear()
  }

  #hold(): void {
    const { resumeTimeoutMs } = this.#session.options
    this.#timeout ??= setTimeout(() => {
      const message = `no connection came back within ${resumeTimeoutMs / 1000} s after the last one was lost`
      this.#session.destroy(new NetworkError('UR_RESUME_TIMEOUT', message))
    }, resumeTimeoutMs)
  }

  /**
   * Unless the peer is known to know, or will be told by a carrier that lives. A word that was on its way over another lost
   * carrier must not wait for that one to be made good: the peer may be waiting for this one to make that one good.
   */
  #tell(lost: Lost, over: Carrier): void {
    if (lost.replayed || lost.toldOver?.closed === false) return
    lost.toldOver = over
    over.control(TYPE_LOST, 0, lost.carrier.number, lost.position % 2 ** 32)
  }

  #know(number: number): void {
    this.#known.add(number)
    for (const oldest of this.#known) {
      if (this.#known.size <= MOST_KNOWN) return
      this.#known.delete(oldest)
    }
  }

  /** A connection that the server welcomed, and whose Welcome never reached us. Null: it was made good already. */
  #neverHad(number: number): Carrier | null {
    if (this.#known.has(number)) return null
    if (this.#session.role === 'server') this.#refuse(`the peer lost carrier ${number}, which it never had`)
    this.#know(number)
    const carrier = new Carrier(this.#session, number, null)
    this.onClosed(carrier)
    return carrier
  }

  #live(): Carrier | null {
    return this.#session.carriers.find((carrier) => !carrier.closed) ?? null
  }

  #forgetIfDone(lost: Lost): void {
    if (lost.asked && lost.replayed) this.#lost.delete(lost.carrier.number)
  }

  #refuse(what: string): never {
    throw new WireViolation('UR_WIRE_REPLAY', what)
  }
}
