import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** The names by which an API may be called, besides IP addresses and `localhost`. */
export type AllowedHosts = ReadonlySet<string>

/**
 * Why a request may be one that a page of another site made a browser send: by a name that is made to lead here (DNS
 * rebinding; a page cannot do that with an IP address), by a request across sites, or by a form, which can send no JSON.
 */
export type Suspicion = 'host' | 'origin' | 'type'

const METHODS_WITH_BODY: readonly string[] = ['POST', 'PUT', 'PATCH']

/**
 * Keeps pages of other sites from using an API through the browser of somebody who may. Null: it may be served.
 */
export function suspicionOf(method: string, headers: IncomingHttpHeaders, allowed: AllowedHosts): Suspicion | null {
  const { host = '', origin } = headers
  if (!isOurs(nameOf(host), allowed)) return 'host'
  if (isFromElsewhere(origin, host) || headers['sec-fetch-site'] === 'cross-site') return 'origin'
  if (METHODS_WITH_BODY.includes(method) && !isJson(headers['content-type'])) return 'type'
  return null
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
