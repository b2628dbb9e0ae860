import { Ring } from '../core/ring.js'
import type { FrameParser } from './parser.js'
import { giveBack } from './slab.js'

/**
 * Data frames of one chunk that are handled in one turn of the event loop. What small frames cause (a write to a socket
 * each) shall be under way while the rest is handled: with all of them in one turn the two ends work by turns, not at
 * once. Bulk frames never come to so many in what one read brings.
 */
export const FRAMES_A_TURN = 48

interface Waiting {
  readonly chunk: Buffer
  readonly lent: boolean
  /** What is parsed already. */
  from: number
}

/** Feeds what a carrier's socket brings to its parser, a part of it in later turns of the event loop, in order. */
export class Inlet {
  readonly #parser: FrameParser
  readonly #onError: (error: Error) => void
  readonly #onDrained: () => void
  #waiting: Ring<Waiting> | null = null

  /**
   * @param onError what `FrameParser.push` threw
   * @param onDrained nothing waits any more, after `take` had returned false
   */
  constructor(parser: FrameParser, onError: (error: Error) => void, onDrained: () => void) {
    this.#parser = parser
    this.#onError = onError
    this.#onDrained = onDrained
  }

  /**
   * Takes a chunk over. `lent`: it is given back once it is parsed (streams have borrowed their parts anew).
   * False: a part of it waits; read no more until `onDrained` (what comes all the same waits behind it).
   */
  take(chunk: Buffer, lent: boolean): boolean {
    if (this.#waiting === null) {
      const from = this.#push(chunk, FRAMES_A_TURN)
      if (from === chunk.length) {
        if (lent) giveBack(chunk, chunk.length)
        return true
      }
      this.#waiting = new Ring<Waiting>(4)
      this.#waiting.push({ chunk, lent, from })
      setImmediate(this.#nextTurn)
    } else this.#waiting.push({ chunk, lent, from: 0 })
    return false
  }

  /** Parses all that waits now: the socket has ended. */
  drain(): void {
    while (this.#waiting !== null) this.#parseOldest(Infinity)
  }

  readonly #nextTurn = (): void => {
    if (this.#waiting === null) return
    this.#parseOldest(FRAMES_A_TURN)
    if (this.#waiting === null) this.#onDrained()
    else setImmediate(this.#nextTurn)
  }

  #parseOldest(frames: number): void {
    const waiting = this.#waiting!
    const oldest = waiting.peek()!
    const { chunk, lent } = oldest
    oldest.from += this.#push(chunk.subarray(oldest.from), frames)
    if (oldest.from < chunk.length) return
    if (lent) giveBack(chunk, chunk.length)
    waiting.shift()
    if (waiting.length === 0) this.#waiting = null
  }

  #push(chunk: Buffer, frames: number): number {
    try {
      return this.#parser.push(chunk, frames)
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)))
      return chunk.length
    }
  }
}
