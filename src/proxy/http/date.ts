import { isField, type Fields } from '../../core/http-fields.js'

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

/** Whether a head says when it was made. */
export function isDated(fields: Fields): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    if (name.length === 4 && isField(name, 'date')) return true
  }
  return false
}
