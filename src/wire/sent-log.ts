import { Ring } from '../core/ring.js'
import { giveBack } from './slab.js'
import type { WindowBudget } from './window.js'

/**
 * What was sent on a carrier and has not been seen to arrive, by reference, so that it can be sent again elsewhere.
 * Offsets are counted in bytes from the carrier's first. Where the budget ends, the log does: what it held is dropped,
 * and until all that was sent by then has arrived the carrier cannot be replaced.
 *
 * Writes lie one behind the other in their arenas, and arrive in that order: besides the arena that is being filled, no
 * memory is held but for bytes of this log. A slab is held as a whole for a frame in it; probes (every 64 KiB, and at
 * the heartbeat's next look) bound for how long.
 */
export class SentLog {
  readonly #budget: WindowBudget
  readonly #writes = new Ring<Buffer>(8)
  /** The offset of the oldest byte that is kept. */
  #start = 0
  #kept = 0
  #end = 0
  #arrived = 0

  /** @param budget bytes that may be kept; share it to bound a session, a parent bounds the process */
  constructor(budget: WindowBudget) {
    this.#budget = budget
  }

  /** The offset behind the last byte sent. */
  get end(): number {
    return this.#end
  }

  /** The offset up to which everything has arrived. */
  get arrived(): number {
    return this.#arrived
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.#kept
  }

  /** Whether all that has not arrived is kept. */
  get whole(): boolean {
    return this.#start <= this.#arrived
  }

  /**
   * Books a write; its bytes must not change until they have arrived. True: the log keeps it, and gives a frame in a
   * slab back. False: the budget is spent, and whose it was it stays.
   */
  push(bytes: Buffer): boolean {
    this.#end += bytes.length
    if (this.#budget.take(bytes.length)) {
      this.#kept += bytes.length
      this.#writes.push(bytes)
      return true
    }
    this.clear()
    return false
  }

  /** The peer has everything up to `offset`. */
  acknowledge(offset: number): void {
    if (offset > this.#arrived) this.#arrived = offset
    for (let oldest = this.#writes.peek(); oldest !== undefined; oldest = this.#writes.peek()) {
      if (this.#start + oldest.length > offset) return
      this.#writes.shift()
      this.#start += oldest.length
      this.#kept -= oldest.length
      this.#budget.give(oldest.length)
      giveBack(oldest, oldest.length)
    }
  }

  /**
   * Everything from `offset` on, as memory of the caller's own; the log is empty then.
   * Null when that was never sent, or is not kept.
   */
  takeFrom(offset: number): Buffer[] | null {
    this.acknowledge(offset)
    if (offset > this.#end || offset < this.#start) return null
    const all = new Copier(this.#end - offset)
    let skip = offset - this.#start
    for (let write = this.#writes.shift(); write !== undefined; write = this.#writes.shift()) {
      all.add(write, skip)
      skip = 0
      giveBack(write, write.length)
    }
    this.clear()
    return all.pieces
  }

  /** Keeps nothing any more; slabs are left to the garbage collector, since a socket may still hold them. */
  clear(): void {
    this.#writes.clear()
    this.#budget.give(this.#kept)
    this.#kept = 0
    this.#start = this.#end
  }
}

/** Copies what it is given one behind the other into pieces of 64 KiB. */
class Copier {
  readonly pieces: Buffer[] = []
  #left: number
  #at = PIECE

  /** @param total bytes that will come */
  constructor(total: number) {
    this.#left = total
  }

  add(bytes: Buffer, from: number): void {
    let at = from
    while (at < bytes.length) {
      if (this.#at === PIECE) {
        this.pieces.push(Buffer.allocUnsafeSlow(Math.min(PIECE, this.#left)))
        this.#at = 0
      }
      const copied = bytes.copy(this.pieces.at(-1)!, this.#at, at)
      at += copied
      this.#at += copied
      this.#left -= copied
    }
  }
}

const PIECE = 64 * 1024
