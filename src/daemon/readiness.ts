type Probe = () => string | null

/**
 * Why the server should not get new visitors at present (ready when there is no reason), and what else an operator
 * should know, which is no reason to turn visitors away. Names are stable, for programs.
 */
export class Readiness {
  readonly #reasons = new Map<string, Probe>()
  readonly #warnings = new Map<string, Probe>()

  /** Sets a reason, or takes it away with null. */
  set(name: string, reason: string | null): void {
    this.watchReason(name, () => reason)
  }

  /** A reason that is asked for at each look: its text, or null while it is none. */
  watchReason(name: string, probe: Probe): void {
    this.#reasons.set(name, probe)
  }

  /** As `watchReason`, for a warning. */
  watchWarning(name: string, probe: Probe): void {
    this.#warnings.set(name, probe)
  }

  /** How it is now: texts by name. */
  look(): { ready: boolean; reasons: Record<string, string>; warnings: Record<string, string> } {
    const reasons = texts(this.#reasons)
    return { ready: Object.keys(reasons).length === 0, reasons, warnings: texts(this.#warnings) }
  }
}

function texts(probes: ReadonlyMap<string, Probe>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, probe] of probes) {
    const text = probe()
    if (text !== null) found[name] = text
  }
  return found
}
