/** Milliseconds as people read them: `0.4 ms`, `12 ms`, `1.24 s`, `3 min 05 s`; null: `–`. */
export function duration(ms: number | null): string {
  if (ms === null) return '–'
  if (ms < 10) return `${trimmed(ms, 1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${trimmed(ms / 1000, ms < 10_000 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`
}

/** Bytes as people read them: `0 B`, `312 B`, `1.4 kB`, `23 MB`. Powers of 1000. */
export function size(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.5) return `${unit === 'B' || value >= 100 ? Math.round(value) : trimmed(value, 1)} ${unit}`
    value /= 1000
  }
  return `${trimmed(value, 1)} TB`
}

/** A rate per second: `0`, `0.25`, `3.4`, `1,204`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '0'
  if (perSecond < 0.01) return '<0.01'
  return perSecond < 10 ? trimmed(perSecond, 2) : count(Math.round(perSecond))
}

export function count(number: number): string {
  return number.toLocaleString('en')
}

/** `1 request`, `2,300 requests` */
export function counted(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? '' : 's'}`
}

/** Local time of day with milliseconds, of an RFC 3339 time: `14:03:22.118`. */
export function clock(time: string): string {
  const at = new Date(time)
  if (Number.isNaN(at.getTime())) return '–'
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** Local date and time of day of an RFC 3339 time: `2026-11-29 14:03:22.118`. */
export function dateAndClock(time: string): string {
  const at = new Date(time)
  if (Number.isNaN(at.getTime())) return '–'
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(time)}`
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
