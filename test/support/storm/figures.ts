/** Number, median, 99th percentile and maximum of times in ms, in one line. */
export function spread(times: readonly number[]): string {
  if (times.length === 0) return 'none'
  const sorted = [...times].sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  const [half, most, all] = [0.5, 0.99, 1].map((part) => Math.round(at(part)))
  return `${times.length}: p50 ${half}, p99 ${most}, max ${all} ms`
}

/** How many of the times (ms, 0 and later) lie in each step of `stepMs`. */
export function histogram(times: readonly number[], stepMs: number): number[] {
  const counts: number[] = []
  for (const time of times) {
    const step = Math.floor(time / stepMs)
    counts[step] = (counts[step] ?? 0) + 1
  }
  return Array.from(counts, (count) => count ?? 0)
}
