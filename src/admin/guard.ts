import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { printable } from '../core/printable.js'
import { AdminError } from './problems.js'

/** The names by which the API may be called, besides IP addresses and `localhost`. */
export type AllowedHosts = ReadonlySet<string>

const METHODS_WITH_BODY: readonly string[] = ['POST', 'PUT', 'PATCH']

/**
 * Keeps pages of other sites from using the API through the browser of somebody who may: by a name that is made to lead
 * here (DNS rebinding; a page cannot do that with an IP address), by a request across sites, or by a form, which can
 * send no JSON. Throws AdminError 421 UR_ADMIN_HOST, 403 UR_ADMIN_ORIGIN, 415 UR_ADMIN_CONTENT_TYPE.
 */
export function guard(method: string, headers: IncomingHttpHeaders, allowed: AllowedHosts): void {
  const { host = '', origin } = headers
  if (!isOurs(nameOf(host), allowed)) {
    throw new AdminError(
      421,
      'UR_ADMIN_HOST',
      `The request is for the host "${printable(host.slice(0, 100))}", which is not this server's. ` +
        'What to do: use its address, or add the name to listen.admin_hosts.',
    )
  }
  if (isFromElsewhere(origin, host) || headers['sec-fetch-site'] === 'cross-site') {
    throw new AdminError(
      403,
      'UR_ADMIN_ORIGIN',
      'A page of another site sent this request. What to do: use the API from programs, not from pages.',
    )
  }
  if (!METHODS_WITH_BODY.includes(method) || isJson(headers['content-type'])) return
  throw new AdminError(
    415,
    'UR_ADMIN_CONTENT_TYPE',
    'What to do: send a JSON object, and `Content-Type: application/json`.',
  )
}

function isJson(type: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(type ?? '')
}

// Browsers write `null` for what has no origin that may be told.
function isFromElsewhere(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return false
  return (
    origin.toLowerCase() !== `http://${host.toLowerCase()}` && origin.toLowerCase() !== `https://${host.toLowerCase()}`
  )
}

function nameOf(host: string): string {
  return host.replace(/:\d{1,5}$/, '').toLowerCase()
}

function isOurs(name: string, allowed: AllowedHosts): boolean {
  return name === 'localhost' || allowed.has(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}
