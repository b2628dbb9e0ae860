const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** '30s', '500ms', '5m', '1h30m', '2d' → whole milliseconds; undefined for anything else. A unit is needed. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (DURATION_UNITS[unit ?? ''] ?? Number.NaN)
  }
  return Number.isSafeInteger(total) ? total : undefined
}

/** Milliseconds → the largest unit that holds it in whole numbers: 90000 → '90s', 60000 → '1m'. */
export function formatDuration(ms: number): string {
  return withLargestUnit(ms, DURATION_UNITS, 'ms')
}

/** '16MiB', '64 KiB', '1GB', '10kB' or '10KB', '4096' or 4096 → whole bytes; undefined for anything else. */
export function parseSize(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?) ?(B|[kK]B|MB|GB|KiB|MiB|GiB)?$/.exec(value)
  if (!match) return undefined
  const bytes = Number(match[1]) * (SIZE_UNITS[(match[2] ?? 'B').replace('KB', 'kB')] ?? Number.NaN)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Bytes → the largest unit that holds it in whole numbers: 16777216 → '16MiB', 64000000 → '64MB'. */
export function formatSize(bytes: number): string {
  return withLargestUnit(bytes, SIZE_UNITS, 'B')
}

function withLargestUnit(amount: number, units: Readonly<Record<string, number>>, smallest: string): string {
  let best = smallest
  for (const [unit, factor] of Object.entries(units)) {
    if (amount > 0 && amount % factor === 0 && factor > (units[best] ?? 1)) best = unit
  }
  return `${amount / (units[best] ?? 1)}${best}`
}
