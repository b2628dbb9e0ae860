import type { Http2Exchange } from './exchange.js'

/** How a stream ended that is over. */
export type Ending = 'ended' | 'reset'

const MOST_PAST = 256

/**
 * The streams of a connection, and how the last ones ended: frames of one that we have reset may still be under way and
 * mean nothing, frames of one that the visitor has ended are his mistake (RFC 9113 §5.1).
 */
export class StreamTable {
  /** The last one that the visitor opened. */
  last = 0
  readonly #open = new Map<number, Http2Exchange>()
  readonly #past: number[] = []
  #at = 0

  get size(): number {
    return this.#open.size
  }

  /**
   * Whether there are as many as may be, `most`. Who has not read an answer does not know that its stream is over: those
   * `unleft` count as well, and twice as many may be then, as we are told late that an answer has left.
   */
  isFull(most: number, unleft: number): boolean {
    return this.#open.size >= most || this.#open.size + unleft >= 2 * most
  }

  get(stream: number): Http2Exchange | undefined {
    return this.#open.get(stream)
  }

  values(): Iterable<Http2Exchange> {
    return this.#open.values()
  }

  add(exchange: Http2Exchange): void {
    this.#open.set(exchange.id, exchange)
  }

  /** A stream is over, or was refused. */
  end(stream: number, ending: Ending): void {
    this.#open.delete(stream)
    this.#past[this.#at] = ending === 'reset' ? -stream : stream
    this.#at = (this.#at + 1) % MOST_PAST
  }

  clear(): void {
    this.#open.clear()
  }

  /** How a stream ended that is not open; `never`: it has not begun; `long ago`: that is forgotten. */
  endingOf(stream: number): Ending | 'never' | 'long ago' {
    if (stream > this.last || stream % 2 === 0) return 'never'
    if (this.#past.includes(-stream)) return 'reset'
    return this.#past.includes(stream) ? 'ended' : 'long ago'
  }
}
