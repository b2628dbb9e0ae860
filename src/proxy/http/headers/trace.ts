/** https://www.w3.org/TR/trace-context/ (W3C Recommendation, level 1). */
const VERSION_00_LENGTH = 55
const MAX_MEMBERS = 32
const MAX_KEY = 256
const MAX_VALUE = 256

/**
 * Whether a `traceparent` may be passed on (§3.2): version 00 as it is specified, a later one as far as it is known, and
 * ids that are not 0.
 */
export function isTraceparent(value: string): boolean {
  return TRACEPARENT.test(value) && (value.length === VERSION_00_LENGTH || !value.startsWith('00'))
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/

/** The `traceparent` of a trace that begins here. Sampled: a root that says no would switch the tracing of most upstreams off. */
export function startedTrace(id: string): string {
  return `00-${id}-${id.slice(0, 16)}-01`
}

/** Whether `text` can be the id of a trace. */
export function isTraceId(text: string): boolean {
  return TRACE_ID.test(text)
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/

/** Whether a `tracestate` (all fields of the name, joined by commas) may be passed on (§3.3.1): else it is dropped. */
export function isTracestate(value: string): boolean {
  const members = value.split(',')
  const keys = new Set<string>()
  for (const padded of members) {
    const member = padded.trim()
    if (member === '') continue
    const equals = member.indexOf('=')
    const key = member.slice(0, equals)
    if (equals < 0 || keys.has(key) || !isKey(key) || !isStateValue(member.slice(equals + 1))) return false
    keys.add(key)
  }
  return keys.size > 0 && keys.size <= MAX_MEMBERS
}

/** `vendor`, or `tenant@vendor` with at most 241 and 14 characters. */
function isKey(key: string): boolean {
  return (
    key.length <= MAX_KEY &&
    /^(?:[a-z0-9][a-z0-9_\-*/]*|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/.test(key)
  )
}

function isStateValue(value: string): boolean {
  return (
    value.length > 0 &&
    value.length <= MAX_VALUE &&
    /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]*[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/.test(value)
  )
}
