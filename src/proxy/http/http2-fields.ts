import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import type { RawHeaders } from './api.js'

/** Fields of which Node's http2 takes no list. Of several the first counts. */
const LONE: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
])

/** Fields as Node's http2 takes them: names in lower case, several values as a list. A new object, the caller's own. */
export function fieldsOf(headers: RawHeaders): OutgoingHttpHeaders {
  const fields = Object.create(null) as Record<string, string | string[]>
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    const value = headers[i + 1]!
    const before = fields[name]
    if (before === undefined) fields[name] = value
    else if (Array.isArray(before)) before.push(value)
    else if (!LONE.has(name)) fields[name] = [before, value]
  }
  return fields
}

/** Fields as Node's http2 gives them, flat and without pseudo-header fields. */
export function flatFields(headers: IncomingHttpHeaders): string[] {
  const out: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) out.push(name, String(each))
  }
  return out
}
