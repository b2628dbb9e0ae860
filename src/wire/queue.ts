import { Ring } from '../core/ring.js'
import { BORROWED, OWNED, type Ownership } from './egress.js'

/** A piece of a buffer that waits, and what may be done to the bytes before it. */
export interface Chunk {
  buffer: Buffer
  start: number
  end: number
  ownership: Ownership
}

/** What a stream has still to send, by reference; borrowed bytes are copied on the way in. */
export class SendQueue {
  /** Bytes that wait. */
  bytes = 0
  #chunks: Ring<Chunk> | null = null

  push(buffer: Buffer, start: number, end: number, ownership: Ownership): void {
    this.bytes += end - start
    this.#chunks ??= new Ring<Chunk>(4)
    if (ownership !== BORROWED) {
      this.#chunks.push({ buffer, start, end, ownership })
      return
    }
    const copy = Buffer.allocUnsafe(end - start)
    buffer.copy(copy, 0, start, end)
    this.#chunks.push({ buffer: copy, start: 0, end: end - start, ownership: OWNED })
  }

  /** Takes the oldest chunk, or its first `max` bytes. Call only when `bytes` > 0 and `max` > 0. */
  take(max: number): Chunk {
    const chunk = this.#chunks!.peek()!
    if (chunk.end - chunk.start <= max) {
      this.#chunks!.shift()
      this.bytes -= chunk.end - chunk.start
      return chunk
    }
    const head: Chunk = { ...chunk, end: chunk.start + max }
    chunk.start += max
    chunk.ownership = OWNED
    this.bytes -= max
    return head
  }

  clear(): void {
    this.bytes = 0
    this.#chunks = null
  }
}
