/** What a run measures: from the environment variables that bench/README.md describes. */
export interface Choice {
  runs: number
  seconds: number
  rows: (id: string) => boolean
  tools: (id: string) => boolean
  /** True when the figures may stand in RESULTS.md: at least three runs, of all tools. */
  complete: boolean
}

export function readChoice(defaults: { runs: number; seconds: number }): Choice {
  const runs = positive('RUNS', defaults.runs)
  const tools = names('TOOLS')
  return {
    runs,
    seconds: positive('SECONDS_EACH', defaults.seconds),
    rows: member(names('ONLY')),
    tools: member(tools),
    complete: runs >= 3 && tools === null,
  }
}

function names(variable: string): string[] | null {
  const value = process.env[variable] ?? ''
  return value === '' ? null : value.split(',').map((name) => name.trim())
}

/** A name chooses itself; one that ends with `*` chooses all that begin with what stands before it. */
function member(chosen: string[] | null): (id: string) => boolean {
  if (chosen === null) return () => true
  return (id) => chosen.some((name) => (name.endsWith('*') ? id.startsWith(name.slice(0, -1)) : name === id))
}

function positive(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${variable} must be a whole number above 0`)
  return value
}
