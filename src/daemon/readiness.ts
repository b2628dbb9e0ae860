import { StoreError } from '../core/errors.js'

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

/**
 * Tells how the database is. One that does not answer is a warning: it may answer again, and visitors do not need it.
 * One that was deleted or replaced does not come back by itself, so somebody has to hear of it.
 */
export function watchDatabase(readiness: Readiness, gate: { readonly databaseFailure: unknown }): void {
  const isGone = (error: unknown): boolean => error instanceof StoreError && error.code === 'UR_STORE_GONE'
  const known = 'only tokens that were good before are let in'
  readiness.watchReason('database', () =>
    isGone(gate.databaseFailure)
      ? `the database file was deleted or replaced: ${known}, until it is put back or the server is restarted`
      : null,
  )
  readiness.watchWarning('database', () =>
    gate.databaseFailure === null || isGone(gate.databaseFailure)
      ? null
      : `the database does not answer${codeOf(gate.databaseFailure)}: ${known}`,
  )
}

function codeOf(error: unknown): string {
  return error instanceof StoreError ? ` (${error.code})` : ''
}

function texts(probes: ReadonlyMap<string, Probe>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, probe] of probes) {
    const text = probe()
    if (text !== null) found[name] = text
  }
  return found
}
