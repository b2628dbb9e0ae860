/** How many signatures are remembered; the oldest is forgotten first. */
export const REMEMBERED_SIGNATURES = 10_000

/** Remembers signed requests for as long as their signature would be accepted again. Pure: time is passed in. */
export class Replays {
  /** By signature: until when. Insertion is in the order of time, so what ends first is nearly always in front. */
  readonly #until = new Map<string, number>()

  get size(): number {
    return this.#until.size
  }

  /** Notes a signature that is good up to `until`, and then too; false: it is known already. Both times in one unit. */
  add(signature: string, until: number, now: number): boolean {
    for (const [oldest, end] of this.#until) {
      if (end >= now && this.#until.size < REMEMBERED_SIGNATURES) break
      this.#until.delete(oldest)
    }
    if ((this.#until.get(signature) ?? Number.NEGATIVE_INFINITY) >= now) return false
    this.#until.set(signature, until)
    return true
  }

  /** Forgets it: the request was not delivered, and its sender may send the very same again. */
  forget(signature: string): void {
    this.#until.delete(signature)
  }
}
