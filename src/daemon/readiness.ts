/** Why the server should not get new visitors at present; ready when there is no reason. Names are stable, for programs. */
export class Readiness {
  readonly #reasons = new Map<string, string>()

  /** Sets a reason, or takes it away with null. */
  set(name: string, reason: string | null): void {
    if (reason === null) this.#reasons.delete(name)
    else this.#reasons.set(name, reason)
  }

  get ready(): boolean {
    return this.#reasons.size === 0
  }

  /** Reasons by name. */
  get reasons(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#reasons)
  }
}
