/** Counts the bytes of one request's body as they come. */
export class BodyGuard {
  #left: number

  /** `limit`: bytes that the body may have. */
  constructor(limit: number) {
    this.#left = limit
  }

  /** Counts the next bytes; false: they are too many, and must not be forwarded. */
  take(bytes: number): boolean {
    this.#left -= bytes
    return this.#left >= 0
  }
}
