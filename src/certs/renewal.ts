import type { RenewalWindow } from './issuer.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Pauses after the first, second … failure, minutes. Authorities allow five proofs of a name to fail in an hour. */
const PAUSES = [2, 5, 10, 30, 60, 180, 360]
const JITTER = 0.2
/** What an authority asks for is kept up to that, ms. */
const LONGEST_MS = 7 * DAY_MS
/** An authority may put a renewal off to the last tenth of a lifetime, and no later: then nothing would mend a failure. */
const LATEST = 0.9
/** Without its word, one third of the lifetime before the end, whatever that is. */
const USUAL = 2 / 3

/** When a certificate is valid. */
export interface Lifetime {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** When to renew a certificate; `told`: when the authority wants it, null: it did not say. */
export function renewalTime({ notBefore, notAfter }: Lifetime, told: Date | null): Date {
  const from = notBefore.getTime()
  const lifetime = notAfter.getTime() - from
  const usual = from + lifetime * USUAL
  return new Date(told === null ? usual : Math.min(told.getTime(), from + lifetime * LATEST))
}

/**
 * A time in the window of an authority, at random (RFC 9773 §4.2), so that not all of its certificates are renewed at
 * once; the time of before, as long as it is inside.
 */
export function timeInWindow({ start, end }: RenewalWindow, before: Date | null, random: () => number): Date {
  if (before !== null && before >= start && before <= end) return before
  return new Date(start.getTime() + random() * (end.getTime() - start.getTime()))
}

/** How long to wait after so many failures in a row, ms; at least as long as the authority asked for. */
export function pauseAfter(failures: number, askedMs: number | null, random: () => number): number {
  const minutes = PAUSES[Math.min(failures, PAUSES.length) - 1] ?? 0
  const pause = minutes * MINUTE_MS * (1 + (2 * random() - 1) * JITTER)
  return Math.max(Math.round(pause), Math.min(askedMs ?? 0, LONGEST_MS))
}
