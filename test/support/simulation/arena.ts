const BLOCK = 1024 * 1024
/** Blocks that are kept for the next one. */
const KEPT = 4

/** Memory that is taken bit by bit and given back all at once: a history needs megabytes, and the next one the same. */
export class Arena {
  readonly #blocks: Buffer[] = []
  #block = -1
  #at = BLOCK

  /** A copy of at most 1 MiB; good until `reset`. */
  copy(bytes: Buffer): Buffer {
    if (BLOCK - this.#at < bytes.length) {
      this.#at = 0
      if (++this.#block === this.#blocks.length) this.#blocks.push(Buffer.allocUnsafeSlow(BLOCK))
    }
    const from = this.#at
    this.#at += bytes.length
    const copy = this.#blocks[this.#block]!.subarray(from, this.#at)
    copy.set(bytes)
    return copy
  }

  /** Nobody looks at any copy any more. */
  reset(): void {
    this.#block = -1
    this.#at = BLOCK
    this.#blocks.length = Math.min(KEPT, this.#blocks.length)
  }
}
