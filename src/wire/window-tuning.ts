import type { StandingQueue } from './standing-queue.js'
import { windowTooSmall, type ReceiveWindow, type WindowBudget } from './window.js'

/** Where windows are bounded, credit is given by so small a part of them that what waits does not swing with it. */
const BOUNDED_SHARE = 1 / 16
/** And they grow by so much in a round trip: what they bring is seen two round trips later. */
const BOUNDED_GROWTH = 1 + 1 / 8
/** A rate is measured over so many round trips: what a busy machine held back for a moment comes faster than the path is. */
const RATE_RTTS = 4
/** A window that is too large by less is left as it is. */
const SLACK = 1 + 1 / 16

/** Sizes one stream's receive window by what is consumed, and by what stands in the queues of the path. Pure. */
export class WindowTuning {
  /** Bytes taken from the budget. */
  borrowed = 0
  #tunedAt = 0
  #tunedOffset = 0
  #grownAt = 0
  #rateSince = 0
  #rateOffset = 0
  /** The highest rate of this era, bytes/ms; null before the first was measured. */
  #rate: number | null = null
  #era = 0

  /**
   * An update of `window` is due: makes it as large as it should be.
   * @param leastRtt the idle round trip of the stream's carrier, ms
   */
  tune(
    window: ReceiveWindow,
    path: { now: number; leastRtt: number | null; queue: StandingQueue },
    bounds: { windowMax: number; windowBudget: WindowBudget },
  ): void {
    const { now, leastRtt, queue } = path
    const took = now - this.#tunedAt
    const windowMs = (took * window.size) / Math.max(1, window.consumed - this.#tunedOffset)
    this.#tunedAt = now
    this.#tunedOffset = window.consumed
    this.#measure(window.consumed, now, queue)
    window.share = queue.bounded ? BOUNDED_SHARE : 1 / 2
    const horizon = queue.horizon(now)
    const most = this.#rate === null || horizon === Infinity ? Infinity : (this.#rate * horizon) / (1 - BOUNDED_SHARE)
    if (most * SLACK < window.size) {
      const less = window.shrink(most)
      this.borrowed -= less
      bounds.windowBudget.give(less)
      return
    }
    if (queue.bounded && now - this.#grownAt < queue.base) return
    if (!windowTooSmall(windowMs, leastRtt)) return
    this.#grownAt = now
    const size = Math.min(bounds.windowMax, most, window.size * (queue.bounded ? BOUNDED_GROWTH : 2))
    this.borrowed += window.grow(size, bounds.windowBudget)
  }

  #measure(consumed: number, now: number, queue: StandingQueue): void {
    if (queue.era !== this.#era) {
      this.#era = queue.era
      this.#rate = null
    }
    const span = RATE_RTTS * queue.base
    const took = now - this.#rateSince
    if (!queue.far || took < span) return
    const rate = (consumed - this.#rateOffset) / took
    if (took < 2 * span && (this.#rate === null || rate > this.#rate)) this.#rate = rate
    this.#rateSince = now
    this.#rateOffset = consumed
  }
}
