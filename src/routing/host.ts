import { domainToASCII } from 'node:url'

/** Longest name in DNS without its root dot (RFC 1035 §2.3.4). */
const MAX_NAME = 253
/** A name that needs no mapping: lower-case ASCII labels of 1 to 63 characters; the underscore is used by services. */
const PLAIN = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * The one spelling under which a host name is stored and looked up: lower case, IDNA A-labels (UTS #46),
 * no trailing dot. null when it is no host name.
 */
export function normaliseHost(name: string): string | null {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  if (isPlain(bare)) return bare
  // domainToASCII follows the URL rules, which also rewrite numbers to IPv4 addresses and decode percent signs.
  if (/[%/:@?#[\]\\\s]/.test(bare)) return null
  const ascii = domainToASCII(bare)
  return isPlain(ascii) ? ascii : null
}

/** A host name or `*.` and a host name, normalised in the same way. null when it is neither. */
export function normalisePattern(pattern: string): string | null {
  if (!pattern.startsWith('*.')) return normaliseHost(pattern)
  const parent = normaliseHost(pattern.slice(2))
  return parent === null ? null : `*.${parent}`
}

function isPlain(name: string): boolean {
  return name.length <= MAX_NAME && PLAIN.test(name)
}
