/** Paths whose idle round trip is shorter are left alone, ms: what waits there waits for processors, not in queues. */
const FAR_MS = 5
/** What may stand in the queues of a path, ms: enough to keep it full while credit is on its way. */
const TARGET_MS = 6
/** Below this a path is taken to have no queue, ms: windows may be too small for it. */
const EMPTY_MS = 3
/** Windows are bounded while this stands, ms: a congestion control that measures the path lets less stand now and then. */
const STANDING_MS = 5
/** A queue longer than this, in spite of windows for less, needs a second look, ms. */
const LONG_MS = 2 * TARGET_MS
/** The least of the samples of so many idle round trips tells what stands. */
const SPAN_RTTS = 2
/** A path without a queue for so many idle round trips is measured anew, from the start. */
const EMPTY_RTTS = 40
/** After so many of a long queue the path is taken to have become narrower; after as many more the queue is not ours. */
const LONG_RTTS = 24
/** For so long it is then left to whoever fills it, ms. */
const LEFT_ALONE_MS = 30_000

/**
 * Whether the bytes of a session stand in a queue of the path. A sender whose windows are larger than the path fills the
 * queue before its narrowest link, and every small request that shares the path waits behind it.
 *
 * What stands is the least round trip of late, less the least ever. Only round trips of carriers that bring no bulk
 * count: on the others a lost packet looks the same. Small windows do not empty a queue that somebody else fills; such a
 * one is left alone, because giving way to it would give everything away.
 *
 * Pure: the clock comes with every call. Milliseconds.
 */
export class StandingQueue {
  #base = Infinity
  #least = Infinity
  #leastBefore = Infinity
  #spanStart = -Infinity
  #bounded = false
  #emptySince: number | null = null
  #longSince: number | null = null
  /** The long queue was answered with new rates already. */
  #narrower = false
  #leftAloneUntil = -Infinity
  #era = 0

  /** Changes when rates that were measured before say nothing any more. */
  get era(): number {
    return this.#era
  }

  /** The least round trip ever; Infinity before the first sample. */
  get base(): number {
    return this.#base
  }

  /** Whether the path is long enough for round trips to tell of queues. */
  get far(): boolean {
    return this.#base >= FAR_MS && this.#base < Infinity
  }

  /** Windows are bounded now: the path was found full, and its queue is ours. */
  get bounded(): boolean {
    return this.#bounded
  }

  /** A round trip on a carrier that brought no bulk meanwhile. */
  sample(rtt: number, now: number): void {
    if (rtt < this.#base) this.#base = rtt
    const span = SPAN_RTTS * this.#base
    if (now - this.#spanStart >= span) {
      this.#leastBefore = now - this.#spanStart < 2 * span ? this.#least : Infinity
      this.#least = Infinity
      this.#spanStart = now
    }
    if (rtt < this.#least) this.#least = rtt
    if (this.far && now >= this.#leftAloneUntil) this.#judge(this.standing(now), now)
  }

  /** What stands in the queues; 0 when nothing is known of late. */
  standing(now: number): number {
    const least = Math.min(this.#least, this.#leastBefore)
    const fresh = now - this.#spanStart < 2 * SPAN_RTTS * this.#base
    return fresh && least < Infinity ? least - this.#base : 0
  }

  /** Something stands in the queues. */
  stands(now: number): boolean {
    return this.standing(now) >= EMPTY_MS
  }

  /** How long a byte should be under way at most, there and its credit back; Infinity: any time. */
  horizon(now: number): number {
    return this.#bounded && this.standing(now) >= STANDING_MS ? this.#base + TARGET_MS : Infinity
  }

  /** The path is another one: nothing that was measured counts any more. */
  restart(): void {
    this.#forget()
    this.#emptySince = null
    this.#leftAloneUntil = this.#spanStart = -Infinity
    this.#base = this.#least = this.#leastBefore = Infinity
  }

  #judge(standing: number, now: number): void {
    if (standing >= EMPTY_MS) {
      this.#emptySince = null
      this.#bounded = true
    } else {
      this.#emptySince ??= now
      if (now - this.#emptySince >= EMPTY_RTTS * this.#base) this.#forget()
    }
    if (standing >= LONG_MS) this.#onLong(now)
    else {
      this.#longSince = null
      this.#narrower = false
    }
  }

  #onLong(now: number): void {
    this.#longSince ??= now
    const trips = (now - this.#longSince) / this.#base
    if (trips >= 2 * LONG_RTTS) {
      this.#forget()
      this.#leftAloneUntil = now + LEFT_ALONE_MS
      this.#base = this.#least = this.#leastBefore = Infinity // the way itself may have become longer
    } else if (trips >= LONG_RTTS && !this.#narrower) {
      this.#narrower = true
      this.#era++
    }
  }

  #forget(): void {
    this.#bounded = false
    this.#longSince = null
    this.#narrower = false
    this.#era++
  }
}
