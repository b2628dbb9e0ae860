import { ProtocolError } from '../../core/errors.js'
import { normaliseHost } from '../../routing/index.js'

const AUTHORITY = /^([^\s:@/?#\\[\]]+)(?::(\d{0,5}))?$/
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^#]*)$/i

/** Hosts of authorities that came of late: nearly all requests are for the same few. */
const remembered = new Map<string, string>()
const MAX_REMEMBERED = 1_000

/** The host name of an authority (RFC 3986 §3.2), normalised. Throws ProtocolError UR_HTTP_MALFORMED. */
export function hostOf(authority: string): string {
  const known = remembered.get(authority)
  if (known !== undefined) return known
  // In memory of its own: it is a piece of a head, and would hold all of that.
  const own = Buffer.from(authority).toString()
  const host = readHost(own)
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  remembered.set(own, host)
  return host
}

function readHost(authority: string): string {
  const match = AUTHORITY.exec(authority)
  const host = match === null ? null : normaliseHost(match[1]!)
  if (host === null) throw malformed('its host is no host name')
  return host
}

/** Where a request of HTTP/1.1 goes: path and query, and the authority. Throws ProtocolError UR_HTTP_MALFORMED. */
export function targetOf(method: string, target: string, host: string): { target: string; authority: string } {
  if (target.includes('#')) throw malformed('its target has a fragment')
  if (target.startsWith('/')) return { target, authority: host }
  if (target === '*' && method === 'OPTIONS') return { target, authority: host }
  // The absolute form (RFC 9112 §3.2.2): Host has to say the same, or two readers would go to two hosts.
  const match = ABSOLUTE.exec(target)
  if (match === null) throw malformed('its target is neither a path nor an http:// URL')
  const authority = match[1]!
  if (authority.toLowerCase() !== host.toLowerCase()) throw malformed('its target and its Host name two hosts')
  const path = match[2]!
  return {
    target: path === '' ? '/' : path.startsWith('/') ? path : `/${path}`,
    authority: authority === host ? host : authority,
  }
}

export function malformed(why: string): ProtocolError {
  return new ProtocolError('UR_HTTP_MALFORMED', `The request cannot be served: ${why}.`)
}
