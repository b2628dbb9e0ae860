import { Ring } from '../core/ring.js'
import { BORROWED, LENT, OWNED, SLAB, type Ownership } from './egress.js'
import { giveBack } from './slab.js'

/** A piece of a buffer that waits, and what may be done to the bytes before it. */
export interface Chunk {
  buffer: Buffer
  start: number
  end: number
  ownership: Ownership
}

/** Pieces below this are copied behind what waits already. */
const SMALL = 1024
/** The largest block into which they are copied. */
const BLOCK = 4096
/** A slice smaller than this, and than this share of the memory behind it, is copied when it has to wait, to free the rest. */
const PINNING = 8 * 1024
const PINNED_SHARE = 8

/** Whether a slice that has to wait would hold much more memory than it has bytes. */
export function pins(slice: Buffer): boolean {
  return slice.length < PINNING && slice.length * PINNED_SHARE < slice.buffer.byteLength
}

/**
 * Bytes that have to wait, by reference. Small ones are copied one behind the other instead: a byte that waits shall
 * cost a byte and not an object, or whoever sends byte by byte takes a hundred times its window.
 */
export class ByteQueue {
  /** Bytes that wait. */
  bytes = 0
  #chunks: Ring<Chunk> | null = null
  /** The last chunk, while its buffer has room behind it. */
  #block: Chunk | null = null

  /** Takes `buffer[start, end)` over; borrowed bytes are copied before it returns. */
  push(buffer: Buffer, start: number, end: number, ownership: Ownership): void {
    const length = end - start
    if (ownership === BORROWED || length < SMALL) {
      this.#copy(buffer, start, end)
      if (ownership >= LENT) giveBack(buffer, length)
    } else this.#append({ buffer, start, end, ownership })
    this.bytes += length
  }

  /** Takes the oldest chunk, or its first `max` bytes. Call only when `bytes` > 0 and `max` > 0. */
  take(max: number): Chunk {
    const chunk = this.#chunks!.peek()!
    if (chunk.end - chunk.start <= max) {
      this.#chunks!.shift()
      if (chunk === this.#block) this.#block = null
      this.bytes -= chunk.end - chunk.start
      return chunk
    }
    const head: Chunk = { ...chunk, end: chunk.start + max }
    chunk.start += max
    if (chunk.ownership === SLAB) chunk.ownership = LENT
    this.bytes -= max
    return head
  }

  clear(): void {
    this.bytes = 0
    this.#chunks = null
    this.#block = null
  }

  #append(chunk: Chunk): void {
    this.#chunks ??= new Ring<Chunk>(4)
    this.#chunks.push(chunk)
    this.#block = null
  }

  /** Copies into the last block, or into a new one: the more waits, the larger. */
  #copy(buffer: Buffer, start: number, end: number): void {
    const length = end - start
    let block = this.#block
    if (block === null || block.buffer.length - block.end < length) {
      const room = Buffer.allocUnsafe(Math.max(length, Math.min(BLOCK, this.bytes)))
      block = { buffer: room, start: 0, end: 0, ownership: OWNED }
      this.#append(block)
      this.#block = block
    }
    buffer.copy(block.buffer, block.end, start, end)
    block.end += length
  }
}
