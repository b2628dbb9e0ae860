import { timelineCost } from '../cost.js'
import type { Exchange, TimelineEntry } from '../exchange.js'
import type { TimelineMessage } from '../reader.js'
import type { Redactor } from '../redact/index.js'
import { ofItsOwn, withoutLastWord } from './body.js'

/** The label of a message that is the trailers of gRPC-Web. */
export const TRAILERS = 'trailers'
/** Messages of an exchange that are kept; later ones are counted. */
export const MAX_MESSAGES = 1_000
/** Bytes of a message that are kept. */
export const MAX_PAYLOAD = 64 * 1024

/** Keeps the first messages of an exchange, within their bounds. */
export class TimelineKeeper {
  readonly #exchange: Exchange
  readonly #limit: number
  readonly #redactor: Redactor
  #cost = 0

  /** `limit`: bytes for all of them together. */
  constructor(exchange: Exchange, limit: number, redactor: Redactor) {
    this.#exchange = exchange
    this.#limit = limit
    this.#redactor = redactor
  }

  /** There is room for more. */
  get wants(): boolean {
    return this.#exchange.timeline.length < MAX_MESSAGES && this.#cost < this.#limit
  }

  /** Returns how much more memory is taken. */
  push(message: TimelineMessage, atMs: number): number {
    const { timeline } = this.#exchange
    const number = ++this.#exchange.messages
    if (!this.wants) return 0
    const entry = this.#entry(message, number, atMs)
    const cost = timelineCost(entry)
    timeline.push(entry)
    this.#cost += cost
    return cost
  }

  #entry(message: TimelineMessage, number: number, atMs: number): TimelineEntry {
    const { direction, kind, label, problem, payload } = message
    const bytes = message.bytes ?? payload.length
    const room = Math.min(MAX_PAYLOAD, this.#limit - this.#cost)
    const isPart = message.isPart === true || payload.length > room
    const plain = isPart ? withoutLastWord(payload.subarray(0, room)) : payload
    const redacted =
      label === TRAILERS
        ? this.#redactor.lines(plain)
        : this.#redactor.body(plain, kind === 'grpc' ? 'application/json' : '')
    const kept = redacted.subarray(0, MAX_PAYLOAD)
    return {
      number,
      atMs,
      direction,
      kind,
      bytes,
      label: this.#redactor.text(label),
      payload: ofItsOwn(kept),
      truncated: isPart || kept.length < redacted.length,
      problem: problem === null ? null : this.#redactor.text(problem),
    }
  }
}
