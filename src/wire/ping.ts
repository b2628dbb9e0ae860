import type { Clock } from '../core/clock.js'
import { MAX_U32 } from './frame.js'

interface Waiter {
  resolve(rtt: number): void
  reject(error: Error): void
}

/** A shortest round trip is forgotten after one to two of these, ms: routes change. */
const LEAST_KEPT_MS = 30_000

/** Pings under way on one carrier, and the round trip that they tell (RFC 6298's smoothing). */
export class PingBook {
  /** Smoothed round trip, ms. */
  rtt: number | null = null
  /** Of the last answer: the round trip, ms, and the mark that its ping was sent with (-Infinity: there was none). */
  sample = 0
  mark = 0
  #least = Infinity
  #leastBefore = Infinity
  #leastSince = 0
  readonly #clock: Clock
  readonly #open = new Map<number, { at: number; mark: number; waiter: Waiter | null }>()
  #nextId = 1
  #probes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True while a ping without a waiter is under way. */
  get probing(): boolean {
    return this.#probes > 0
  }

  /** The shortest round trip of late: that of the path, without queues and busy processors, ms. */
  get leastRtt(): number | null {
    const least = Math.min(this.#least, this.#leastBefore)
    return least === Infinity ? null : least
  }

  /** Books a ping as sent now, with a mark to remember. Returns its id. */
  sent(waiter: Waiter | null, mark = 0): number {
    const id = this.#nextId
    this.#nextId = id === MAX_U32 ? 1 : id + 1
    this.#open.set(id, { at: this.#clock.now(), mark, waiter })
    if (waiter === null) this.#probes++
    return id
  }

  /** Books an answer. True when it answered a probe. An answer to nothing is ignored. */
  answered(id: number): boolean {
    const ping = this.#open.get(id)
    this.mark = ping?.mark ?? -Infinity
    if (ping === undefined) return false
    this.#open.delete(id)
    const now = this.#clock.now()
    const sample = now - ping.at
    this.sample = sample
    this.#keepLeast(sample, now)
    this.rtt = this.rtt === null ? sample : this.rtt + (sample - this.rtt) / 4
    if (ping.waiter === null) {
      this.#probes--
      return true
    }
    ping.waiter.resolve(sample)
    return false
  }

  #keepLeast(sample: number, now: number): void {
    if (now - this.#leastSince >= LEAST_KEPT_MS) {
      this.#leastSince = now
      this.#leastBefore = this.#least
      this.#least = Infinity
    }
    if (sample < this.#least) this.#least = sample
  }

  close(error: Error): void {
    for (const ping of this.#open.values()) ping.waiter?.reject(error)
    this.#open.clear()
  }
}
