/** The candidate with the fewest edits to `word`, ignoring case and `-` versus `_`; undefined only without candidates. */
export function nearest(word: string, candidates: Iterable<string>): { word: string; distance: number } | undefined {
  let best: { word: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(normal(word), normal(candidate))
    if (!best || distance < best.distance) best = { word: candidate, distance }
  }
  return best
}

/** Insertions, deletions, substitutions and swaps of neighbours needed to turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll('-', '_')
}
