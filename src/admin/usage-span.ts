const DAY_MS = 86_400_000

/** The days of a question about usage: the last 30, where none are given. */
export function spanOf(from: string | undefined, to: string | undefined): { from: string; to: string } {
  const last = to ?? new Date().toISOString().slice(0, 10)
  return { from: from ?? new Date(Date.parse(last) - 29 * DAY_MS).toISOString().slice(0, 10), to: last }
}
