import { Backoff } from '../core/backoff.js'
import type { Clock } from '../core/clock.js'
import { UniRouteError } from '../core/errors.js'
import { ServerRefusal } from '../protocol/index.js'

/** For so long after a loss the tries stay close together, ms: a short outage must not be made longer by waiting. */
const EAGER_MS = 60_000
/** Bounds of the delays while eager, and later, ms. */
const EAGER = { baseMs: 200, maxMs: 1_500 }
const PATIENT = { baseMs: 1_500, maxMs: 15_000 }
/**
 * A try that nothing has come of for so long gets a second one beside it, while eager and later, ms: half to one and a
 * half of it, so that agents which lost their connections together do not go on together. As rarely as later when the
 * server has answered: it may be slow because many come back at once, and each try more makes it slower.
 */
const EAGER_HEDGE_MS = 1_000
const PATIENT_HEDGE_MS = 5_000
/** A session that lived for so long was a good one, ms. */
const STEADY_MS = 3_000
/** Tries at the same time: kernels send the SYN of each again every second, and a thousand agents wait for one server. */
const MAX_TRIES = 3

export interface ConnectLoopOptions<Dialled, Session> {
  /**
   * First half of a try: everything up to the preface. Must reject when the signal is aborted, and call `answered` when
   * the server has taken the connection.
   */
  dial(tryNumber: number, signal: AbortSignal, answered: () => void): Promise<Dialled>
  /** Second half: the preface. Only one runs at a time. */
  open(dialled: Dialled, signal: AbortSignal): Promise<Session>
  /** Closes what was dialled and is not needed. */
  discard(dialled: Dialled): void
  /** A session is open; the loop is at rest. */
  onOpen(session: Session): void
  /** A try failed; the next is in `retryInMs`. */
  onFailure(error: UniRouteError, retryInMs: number): void
  /** A try failed in a way that further ones will not mend; the loop is at rest. */
  onGiveUp(error: UniRouteError): void
  /** Whether to try no more after this error. */
  isFinal(error: UniRouteError): boolean
  /** Whether the error will hardly pass before somebody does something: then the next try has time. */
  isLasting(error: UniRouteError): boolean
  readonly clock: Clock
  readonly random?: () => number
}

/**
 * Tries to open a session until one is open: exponential backoff with full jitter, for ever. A try that hangs does not
 * hold up the next: as long as an outage swallows packets, a fresh one starts every second or so, and the first that the
 * server answers wins.
 */
export class ConnectLoop<Dialled, Session> {
  readonly #options: ConnectLoopOptions<Dialled, Session>
  readonly #eager: Backoff
  readonly #patient: Backoff
  readonly #random: () => number
  readonly #tries = new Set<AbortController>()
  /** Those of them that the server has answered. */
  readonly #answered = new Set<AbortController>()
  #opening: AbortController | null = null
  #timer: NodeJS.Timeout | null = null
  /** What the timer waits for is a try beside others. */
  #hedging = false
  #running = false
  #startedAt = 0
  #openedAt: number | null = null
  #count = 0

  constructor(options: ConnectLoopOptions<Dialled, Session>) {
    this.#options = options
    const { random = Math.random } = options
    this.#random = random
    this.#eager = new Backoff({ ...EAGER, random })
    this.#patient = new Backoff({ ...PATIENT, random })
  }

  get running(): boolean {
    return this.#running
  }

  /**
   * Begins a new series of tries; `delayed`: the first after a jittered delay, so that many agents do not come at once.
   * Returns that delay, ms. Does nothing while one is running.
   */
  start(delayed: boolean): number {
    if (this.#running) return 0
    this.#running = true
    this.#count = 0
    const now = this.#options.clock.now()
    // A session that hardly lived is a failure like any other: a server that closes each one is not stormed.
    if (!delayed || this.#openedAt === null || now - this.#openedAt >= STEADY_MS) {
      this.#startedAt = now
      this.#eager.reset()
      this.#patient.reset()
    }
    const delay = delayed ? this.#backoff.next() : 0
    this.#schedule(delay)
    return delay
  }

  /** Tries again now instead of waiting: the machine woke up, or the network came back. */
  hurry(): void {
    if (!this.#running || this.#opening !== null) return
    this.#startedAt = this.#options.clock.now()
    this.#eager.reset()
    this.#schedule(0)
  }

  /** Gives all tries up; nothing more is told. */
  stop(): void {
    this.#running = false
    this.#clearTimer()
    for (const other of this.#tries) this.#abort(other)
    this.#opening = null
  }

  get #isEager(): boolean {
    return this.#options.clock.now() - this.#startedAt < EAGER_MS
  }

  get #backoff(): Backoff {
    return this.#isEager ? this.#eager : this.#patient
  }

  #schedule(delayMs: number): void {
    this.#clearTimer()
    this.#hedging = false
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#makeRoom()
      void this.#try()
      this.#hedge(this.#isEager ? EAGER_HEDGE_MS : PATIENT_HEDGE_MS)
    }, delayMs)
  }

  #hedge(aboutMs: number): void {
    this.#schedule(aboutMs * (0.5 + this.#random()))
    this.#hedging = true
  }

  /**
   * Of too many tries the oldest goes on, because over a path of long round trips or at a busy server it is the first
   * that can come through. The one behind it makes room for a fresh one, which helps where packets were lost.
   */
  #makeRoom(): void {
    if (this.#tries.size < MAX_TRIES) return
    const [, ...younger] = this.#tries
    const second = younger.find((other) => other !== this.#opening)
    if (second !== undefined) this.#abort(second)
  }

  /** The server has taken the connection of this try: those that it has not answered yet are not needed. */
  #onAnswered(mine: AbortController): void {
    if (mine.signal.aborted) return
    this.#answered.add(mine)
    for (const other of this.#tries) if (!this.#answered.has(other)) this.#abort(other)
    if (this.#hedging) this.#hedge(PATIENT_HEDGE_MS)
  }

  #abort(one: AbortController): void {
    one.abort()
    this.#tries.delete(one)
    this.#answered.delete(one)
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  async #try(): Promise<void> {
    const mine = new AbortController()
    this.#tries.add(mine)
    try {
      const dialled = await this.#options.dial(this.#count++, mine.signal, () => this.#onAnswered(mine))
      if (mine.signal.aborted || this.#opening !== null) {
        this.#options.discard(dialled)
        return
      }
      this.#opening = mine
      const session = await this.#options.open(dialled, mine.signal)
      if (mine.signal.aborted) return this.#options.discard(dialled)
      this.stop()
      this.#openedAt = this.#options.clock.now()
      this.#options.onOpen(session)
    } catch (error) {
      if (!mine.signal.aborted) this.#onFailure(mine, error)
    } finally {
      this.#tries.delete(mine)
      this.#answered.delete(mine)
      if (this.#opening === mine) this.#opening = null
    }
  }

  #onFailure(mine: AbortController, thrown: unknown): void {
    if (!(thrown instanceof UniRouteError)) {
      this.stop()
      throw thrown
    }
    if (this.#options.isFinal(thrown)) {
      this.stop()
      this.#options.onGiveUp(thrown)
      return
    }
    const asked = thrown instanceof ServerRefusal ? thrown.retryAfterMs : 0
    const own = this.#options.isLasting(thrown) ? this.#patient.longest() : this.#backoff.next()
    const delay = Math.max(asked, own)
    this.#tries.delete(mine)
    // Others are still under way, with a hedge to come: a failure beside them tells nothing new.
    if (this.#tries.size === 0) this.#schedule(delay)
    this.#options.onFailure(thrown, delay)
  }
}
