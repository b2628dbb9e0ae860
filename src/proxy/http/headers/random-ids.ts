import { randomBytes } from 'node:crypto'

const POOL_BYTES = 4096

/** Random hexadecimal numbers, cut from a pool: one call into the cryptography for hundreds of them. */
export class RandomIds {
  #pool = ''
  #used = 0

  /** So many random bytes (at most 64) in lower-case hexadecimal. */
  hex(bytes: number): string {
    const start = this.#used
    this.#used += 2 * bytes
    if (this.#used > this.#pool.length) return this.#refilled(bytes)
    return this.#pool.slice(start, this.#used)
  }

  #refilled(bytes: number): string {
    this.#pool = randomBytes(POOL_BYTES).toString('hex')
    this.#used = 0
    return this.hex(bytes)
  }
}
