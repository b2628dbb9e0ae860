import { bufferCost } from '../cost.js'

/** Smaller ones are put together, or a message of single bytes would cost an object for each. */
const SMALL = 4_096

/** The bytes of a message that is under way, copied as they come. */
export class Parts {
  /** Bytes that are held. */
  bytes = 0
  #parts: Buffer[] = []

  /** Memory that is taken, bytes. */
  get cost(): number {
    return this.#parts.length === 0 ? 0 : this.bytes + this.#parts.length * bufferCost(0)
  }

  push(part: Buffer): void {
    if (part.length === 0) return
    const last = this.#parts.at(-1)
    if (last !== undefined && last.length < SMALL) this.#parts[this.#parts.length - 1] = Buffer.concat([last, part])
    else this.#parts.push(Buffer.from(part))
    this.bytes += part.length
  }

  /** All of them, in one; nothing is held any more. */
  take(): Buffer {
    const parts = this.#parts
    this.#parts = []
    this.bytes = 0
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }
}
