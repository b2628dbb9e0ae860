/** Bytes that may be kept at once, over all who keep some. */
export class ByteBudget {
  readonly limit: number
  #used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get used(): number {
    return this.#used
  }

  /** Takes so many; false: there are not as many left, and none were taken. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false
    this.#used += bytes
    return true
  }

  give(bytes: number): void {
    this.#used -= bytes
  }
}

const FIRST_BYTES = 4096

/**
 * A body that is kept until it is complete, in one piece of memory of its own: what the chunks are parts of may be far
 * larger than they are. It doubles when it is full, and every byte of it is counted in the budget: what its sender
 * announced counts for nothing, only what he sent.
 */
export class GrowingBody {
  readonly #budget: ByteBudget
  readonly #limit: number
  #memory: Buffer = Buffer.alloc(0)
  #length = 0

  /** `limit`: the most bytes it may have. */
  constructor(budget: ByteBudget, limit: number) {
    this.#budget = budget
    this.#limit = limit
  }

  /** Copies the chunk. `no room`: the budget is used up. */
  append(chunk: Buffer): 'ok' | 'too large' | 'no room' {
    const length = this.#length + chunk.length
    if (length > this.#limit) return 'too large'
    if (length > this.#memory.length && !this.#grow(length)) return 'no room'
    chunk.copy(this.#memory, this.#length)
    this.#length = length
    return 'ok'
  }

  /** What was appended, not copied. */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** Gives the memory back; the body is empty afterwards. */
  release(): void {
    this.#budget.give(this.#memory.length)
    this.#memory = Buffer.alloc(0)
    this.#length = 0
  }

  #grow(needed: number): boolean {
    const size = Math.min(this.#limit, Math.max(needed, 2 * this.#memory.length, FIRST_BYTES))
    if (!this.#budget.take(size)) return false
    const memory = Buffer.allocUnsafeSlow(size)
    this.#memory.copy(memory, 0, 0, this.#length)
    this.#budget.give(this.#memory.length)
    this.#memory = memory
    return true
  }
}
