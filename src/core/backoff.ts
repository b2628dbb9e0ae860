/** Bounds of a `Backoff`. */
export interface BackoffOptions {
  /** Upper bound of the first delay, in ms. Default 500. */
  readonly baseMs?: number
  /** Upper bound of every delay, in ms. Default 30 000. */
  readonly maxMs?: number
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/**
 * Exponential backoff with full jitter: attempt n waits uniformly between 0 and min(maxMs, baseMs * 2^n),
 * so that many clients cut off at once do not come back at once.
 */
export class Backoff {
  private readonly baseMs: number
  private readonly maxMs: number
  private readonly random: () => number
  private bound: number

  constructor({ baseMs = 500, maxMs = 30_000, random = Math.random }: BackoffOptions = {}) {
    if (!(baseMs > 0 && maxMs >= baseMs))
      throw new RangeError(`backoff needs 0 < baseMs <= maxMs, got ${baseMs}, ${maxMs}`)
    this.baseMs = baseMs
    this.maxMs = maxMs
    this.random = random
    this.bound = baseMs
  }

  /** How long to wait before the next attempt, in whole ms, 0 to the present bound. */
  next(): number {
    const delay = Math.floor(this.random() * (this.bound + 1))
    this.bound = Math.min(this.bound * 2, this.maxMs)
    return delay
  }

  /** A delay for a failure that will hardly pass by itself: half to all of the maximum. `next` is not changed by it. */
  longest(): number {
    return Math.floor(((1 + this.random()) / 2) * this.maxMs)
  }

  /** An attempt succeeded: the next delay starts from the base again. */
  reset(): void {
    this.bound = this.baseMs
  }
}
