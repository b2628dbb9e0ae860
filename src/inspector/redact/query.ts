import { isSecretName } from './names.js'
import { REDACTED, redactShapes } from './shapes.js'

/** How deep URLs within parameters of URLs are looked into. */
const MAX_DEPTH = 3

/** Redacts a request target, or a URL in a field: its query, a password before its host, tokens in its path. */
export function redactTarget(target: string, depth = 0): string {
  const mark = target.indexOf('?')
  if (mark < 0) return redactPath(target)
  return `${redactPath(target.slice(0, mark))}?${redactQuery(target.slice(mark + 1), depth)}`
}

/** Redacts `name=value&name=value`: a query, or a body of application/x-www-form-urlencoded. */
export function redactQuery(query: string, depth = 0): string {
  if (query === '') return query
  const pairs = query.split('&')
  let changed = false
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!
    const redacted = redactPair(pair, depth)
    if (redacted === pair) continue
    pairs[i] = redacted
    changed = true
  }
  return changed ? pairs.join('&') : query
}

function redactPair(pair: string, depth: number): string {
  const equals = pair.indexOf('=')
  if (equals < 0) return isHidden(pair, depth) ? REDACTED : pair
  const value = pair.slice(equals + 1)
  if (value === '') return pair
  const isSecret = isSecretName(decoded(pair.slice(0, equals)), 'query') || isHidden(value, depth)
  return isSecret ? `${pair.slice(0, equals)}=${REDACTED}` : pair
}

/** Whether a value, decoded, has a secret in it: a token, or a URL with one. */
function isHidden(value: string, depth: number): boolean {
  const plain = decoded(value)
  if (redactShapes(plain) !== plain) return true
  if (depth >= MAX_DEPTH || plain === value || !/[?=%]/.test(plain)) return false
  return redactTarget(plain, depth + 1) !== plain || redactQuery(plain, depth + 1) !== plain
}

function redactPath(path: string): string {
  const redacted = redactShapes(path)
  if (!redacted.includes('%')) return redacted
  const segments = redacted.split('/')
  return segments.map((segment) => (redactShapes(decoded(segment)) === decoded(segment) ? segment : REDACTED)).join('/')
}

/** What is no valid encoding stays as it is. */
function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
