import { REDACTED } from './shapes.js'

/** Those of the IANA registry of authentication schemes (RFC 9110 §16.4.1), and others that are in use; in lower case. */
const SCHEMES: ReadonlySet<string> = new Set([
  'basic',
  'bearer',
  'concealed',
  'digest',
  'dpop',
  'gnap',
  'hoba',
  'mutual',
  'negotiate',
  'oauth',
  'privatetoken',
  'scram-sha-1',
  'scram-sha-256',
  'vapid',
  // of none of its documents
  'apikey',
  'aws4-ecdsa-p256-sha256',
  'aws4-hmac-sha256',
  'goog4-rsa-sha256',
  'hawk',
  'key',
  'ntlm',
  'sharedkey',
  'sharedkeylite',
  'signature',
  'token',
])

/** A scheme stays, if it is one: `Bearer [redacted]` (RFC 9110 §11.4). */
export function redactCredentials(value: string): string {
  const [scheme = ''] = /^[A-Za-z][\w-]{0,31}(?= +[^ ])/.exec(value) ?? []
  return SCHEMES.has(scheme.toLowerCase()) ? `${scheme} ${REDACTED}` : REDACTED
}

/** Attributes of Set-Cookie that are no secrets (RFC 6265 §4.1.1, and what came later). */
const ATTRIBUTE = /^\s*(?:domain|expires|httponly|max-age|partitioned|path|priority|samesite|secure)\s*(?:=|$)/i
/** Behind a comma, but not that of a date: proxies put several cookies into one field. */
const ANOTHER_COOKIE = /,\s*[^;,=\s]+=.*$/

/** Cookies: `name=value; name=value`. Names stay. */
export function redactCookies(value: string): string {
  return value.split(';').map(redactCookie).join(';')
}

/** A cookie that is set, and its attributes; of further ones nothing is left. */
export function redactSetCookie(value: string, redactText: (text: string) => string): string {
  const [cookie = '', ...attributes] = value.split(';')
  return [redactCookie(cookie), ...attributes.map((each) => redactAttribute(each, redactText))].join(';')
}

function redactAttribute(attribute: string, redactText: (text: string) => string): string {
  if (!ATTRIBUTE.test(attribute)) return redactCookie(attribute)
  return redactText(attribute.replace(ANOTHER_COOKIE, `, ${REDACTED}`))
}

function redactCookie(cookie: string): string {
  const equals = cookie.indexOf('=')
  if (equals < 0) return cookie.trim() === '' ? cookie : REDACTED
  return equals === cookie.length - 1 ? cookie : `${cookie.slice(0, equals)}=${REDACTED}`
}
