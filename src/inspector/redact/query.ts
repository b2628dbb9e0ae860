import { looksLikeJson, redactJson } from './json.js'
import { isSecretName } from './names.js'
import { REDACTED, redactShapes } from './shapes.js'

/** How deep URLs within parameters of URLs are looked into. */
const MAX_DEPTH = 3

/** Redacts a request target, or a URL in a field: its query and fragment, a password before its host, its path. */
export function redactTarget(target: string, depth = 0): string {
  const hash = target.indexOf('#')
  if (hash >= 0) {
    const fragment = target.slice(hash + 1)
    const redacted = fragment.includes('?') ? redactTarget(fragment, depth) : redactQuery(fragment, depth)
    return `${redactTarget(target.slice(0, hash), depth)}#${redacted}`
  }
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
  const name = pair.slice(0, equals)
  const named = redactShapes(decoded(name)) === decoded(name) ? `${name}=` : `${REDACTED}=`
  if (isSecretName(decoded(name), 'query')) return named + REDACTED
  // Some still part them by semicolons.
  if (pair.includes(';')) return eachPart(pair, ';', (part) => redactPair(part, depth))
  return named + (isHidden(value, depth) ? REDACTED : value)
}

function eachPart(text: string, separator: string, redact: (part: string) => string): string {
  return text.split(separator).map(redact).join(separator)
}

/** Whether a value, decoded, has a secret in it: a token, or a URL or JSON with one. */
function isHidden(value: string, depth: number): boolean {
  const plain = decoded(value)
  if (redactShapes(plain) !== plain) return true
  if (looksLikeJson(plain) && redactJson(plain, []) !== plain) return true
  if (depth >= MAX_DEPTH || !/[?=%]/.test(plain)) return false
  return redactTarget(plain, depth + 1) !== plain || redactQuery(plain, depth + 1) !== plain
}

function redactPath(path: string): string {
  const shaped = redactShapes(path)
  const redacted = shaped.includes(';') ? shaped.replace(MATRIX, redactParameter) : shaped
  if (!redacted.includes('%')) return redacted
  const segments = redacted.split('/')
  return segments.map((segment) => (redactShapes(decoded(segment)) === decoded(segment) ? segment : REDACTED)).join('/')
}

/** A parameter of a segment: `/cart;jsessionid=…` */
const MATRIX = /;([^;/=]{1,256})=([^;/]+)/g

function redactParameter(parameter: string, name: string): string {
  return isSecretName(decoded(name), 'query') ? `;${name}=${REDACTED}` : parameter
}

/** What is no valid encoding stays as it is. */
function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
