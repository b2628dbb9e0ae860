/** What a start has opened, to be closed in the opposite order. */
export class Closers {
  readonly #closers: (() => unknown)[] = []

  add(closer: () => unknown): void {
    this.#closers.push(closer)
  }

  /** Closes everything, the newest first. One that fails does not keep the others from it; the first failure is thrown. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) {
      try {
        await closer()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
