/** A rate is measured over so many round trips, and so many bytes: carriers tell every 64 KiB what has arrived. */
const SPAN_TRIPS = 8
const SPAN_BYTES = 256 * 1024
/** A trial has so many spans to bring something: losses come in bursts, and a lane's holds up all. */
const TRIAL_SPANS = 3
/** A rate that is more by so much is another one, and not noise. */
const GAIN = 1.3
/** A rate that became more by so much from one span to the next is still growing by itself. */
const GROWTH = 1.15
/** A rate that fell below so much of the one before a trial needs another trial. */
const FALL = 0.6
/** A span that took longer is not one of bulk, ms. */
const LONGEST_SPAN_MS = 10_000
/**
 * What is under way takes so many round trips of the empty path, or more, where the connection holds it back. A sender
 * that the path or the window holds back has one or two.
 */
const HELD_TRIPS = 3
/** After a trial that brought nothing the next one waits for so long, ms; then twice as long. */
const PAUSE_MS = 10_000
const LONGEST_PAUSE_MS = 160_000

/** What becomes of a stream: it stays on the carriers that it has, takes all that are idle, or leaves all but its own. */
export type StripeAdvice = 'stay' | 'widen' | 'narrow'

/** What is known when a stream is looked at. */
export interface StripeLook {
  /** ms */
  readonly now: number
  /** Of the empty path, ms. */
  readonly roundTrip: number
  /** Bytes stand in the queues of the path. */
  readonly full: boolean
  /** Bytes of the stream: sent, and known to have arrived. */
  readonly sent: number
  readonly arrived: number
}

/**
 * Whether several carriers bring a bulk stream more than one does. Losses slow down a connection, not the path, and then
 * they bring a multiple; where the path itself is full they bring nothing, and disturb each other. Once what one carrier
 * delivers grows no more, and it is neither the path nor the window that holds it back, all idle ones are tried for a
 * while.
 *
 * Pure: the clock comes with every call.
 */
export class StripeTrial {
  #phase: 'alone' | 'settling' | 'trial' | 'striped' = 'alone'
  #since: number | null = null
  /** Looks in this span, and those that found the path full: a lost ping looks like that, too, but not again and again. */
  #looks = 0
  #fullLooks = 0
  #arrived = 0
  /** The least that was under way in this span: what arrived is told in lumps. */
  #underWay = Infinity
  /** Of the span before; in a trial, of what came before it. */
  #before: number | null = null
  /** Spans of the trial so far. */
  #tried = 0
  /** What was under way when a trial began ends here: it may be long in coming, and all that is behind it waits. */
  #settledAt = 0
  /** Before the last trial, which brought nothing. */
  #atTrial = 0
  #pausedUntil = -Infinity
  #pauseMs = PAUSE_MS

  /** Now and then, while the stream sends. */
  look({ now, roundTrip, full, sent, arrived }: StripeLook): StripeAdvice {
    if (this.#phase === 'striped') return 'widen'
    const span = SPAN_TRIPS * roundTrip
    this.#looks++
    if (full) this.#fullLooks++
    this.#underWay = Math.min(this.#underWay, sent - arrived)
    const took = now - (this.#since ?? now)
    if (this.#since !== null && (took < span || arrived - this.#arrived < SPAN_BYTES)) return 'stay'
    if (this.#phase === 'settling' && took <= LONGEST_SPAN_MS && arrived < this.#settledAt) return 'stay'
    this.#settledAt = sent
    const rate = this.#since === null || took > LONGEST_SPAN_MS ? null : (arrived - this.#arrived) / took
    this.#since = now
    this.#arrived = arrived
    const isFull = 2 * this.#fullLooks >= this.#looks
    this.#looks = this.#fullLooks = 0
    const held = rate !== null && !isFull && this.#underWay >= HELD_TRIPS * roundTrip * rate
    this.#underWay = Infinity
    return this.#judge(rate, now, held)
  }

  /** @param held the connection holds the stream back */
  #judge(rate: number | null, now: number, held: boolean): StripeAdvice {
    if (this.#phase === 'settling') {
      this.#phase = 'trial'
      this.#tried = 0
      return 'widen'
    }
    if (this.#phase === 'trial') return this.#judgeTrial(rate, now)
    const before = this.#before
    this.#before = rate
    if (rate === null || !held || !this.#mayTry(rate, before, now)) return 'stay'
    this.#phase = 'settling'
    return 'widen'
  }

  #judgeTrial(rate: number | null, now: number): StripeAdvice {
    if (rate === null || this.#before === null) return this.#giveUp(now)
    if (rate >= this.#before * GAIN) this.#phase = 'striped'
    else if (++this.#tried === TRIAL_SPANS) return this.#giveUp(now)
    return 'widen'
  }

  #mayTry(rate: number, before: number | null, now: number): boolean {
    if (now < this.#pausedUntil) return rate < this.#atTrial * FALL
    return before !== null && rate <= before * GROWTH
  }

  #giveUp(now: number): StripeAdvice {
    this.#phase = 'alone'
    this.#atTrial = this.#before ?? 0
    this.#before = null
    this.#pausedUntil = now + this.#pauseMs
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
    return 'narrow'
  }
}
