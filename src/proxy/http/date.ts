let date = ''
let dateUntil = 0

/** The time as fields have it (RFC 9110 §5.6.7); made once a second. */
export function httpDate(): string {
  const now = Date.now()
  if (now >= dateUntil) {
    date = new Date(now).toUTCString()
    dateUntil = now - (now % 1000) + 1000
  }
  return date
}
