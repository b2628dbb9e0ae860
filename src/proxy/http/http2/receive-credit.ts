/**
 * Of how many parts of a window each is given back when it is used. What is used and not given back does not count for the
 * visitor: with halves he may be left with half a window for each round trip.
 */
export const GIVEN_BACK = 8

/**
 * The window of a connection for the bodies of all its requests (RFC 9113 §6.9): what came is given back at once, so
 * that a body that nobody takes does not hold up the others, as long as not too much is kept.
 */
export class ReceiveCredit {
  readonly #size: number
  readonly #mostKept: number
  readonly #giveBack: (bytes: number) => void
  #window: number
  #used = 0
  #kept = 0

  /** `size` of the window; from `mostKept` bytes on all bodies wait. `giveBack` has to tell the visitor. */
  constructor(size: number, mostKept: number, giveBack: (bytes: number) => void) {
    this.#size = size
    this.#window = size
    this.#mostKept = mostKept
    this.#giveBack = giveBack
  }

  /** So many bytes came. False: more than the window. */
  came(bytes: number): boolean {
    this.#window -= bytes
    this.#used += bytes
    if (this.#window < 0) return false
    this.#renew()
    return true
  }

  /** So many more are kept until they are wanted; less than 0: so many are not any more. */
  keeps(bytes: number): void {
    this.#kept += bytes
    if (bytes < 0) this.#renew()
  }

  #renew(): void {
    if (this.#used < this.#size / GIVEN_BACK || this.#kept >= this.#mostKept) return
    this.#giveBack(this.#used)
    this.#window += this.#used
    this.#used = 0
  }
}
