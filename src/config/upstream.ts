import { ConfigError } from '../core/errors.js'

/** Where an agent forwards to. `host` is a name or an address without brackets; `path` is absolute. */
export type Upstream =
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** What may be written for an upstream, for messages and docs. */
export const UPSTREAM_FORMS = '5432, host:5432, [::1]:5432, unix:/path, tls://host:5432 or https://host'

const SCHEMES = new Map<string, { kind: 'tcp' | 'tls'; port: number | null }>([
  ['tcp', { kind: 'tcp', port: null }],
  ['http', { kind: 'tcp', port: 80 }],
  ['tls', { kind: 'tls', port: 443 }],
  ['https', { kind: 'tls', port: 443 }],
])

/**
 * Reads an upstream as people write it: `5432`, `db:5432`, `10.0.0.7:5432`, `[::1]:5432`, `unix:/run/db.sock`,
 * `tcp://…`, `http://…`, `tls://…` and `https://…` (the last two are spoken to over TLS; a path behind a URL other
 * than `/` is refused). Pure. Throws ConfigError(UR_UPSTREAM_SYNTAX).
 */
export function readUpstream(text: string): Upstream {
  if (text.startsWith('unix:')) return unixUpstream(text)
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [null, 'tcp', text]
  const rule = SCHEMES.get(scheme.toLowerCase())
  if (!rule) throw syntax(text, `the scheme ${scheme} is not known`)
  const authority = rest.replace(/\/$/, '')
  if (/[/?#@\s]/.test(authority)) throw syntax(text, 'only a host and a port may stand in it')
  if (/^\d+$/.test(authority)) return { kind: rule.kind, host: 'localhost', port: port(text, authority) }
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^:[\]]+))?(?::(\d+))?$/i.exec(authority) ?? []
  const host = bracketed ?? plain ?? (digits === undefined ? undefined : 'localhost')
  if (host === undefined) throw syntax(text, 'it is not HOST:PORT; an IPv6 address needs brackets')
  if (digits === undefined && rule.port === null) throw syntax(text, 'the port is missing')
  return { kind: rule.kind, host, port: digits === undefined ? (rule.port as number) : port(text, digits) }
}

/** As `readUpstream`, but undefined for what is no upstream. */
export function parseUpstream(raw: string | number): Upstream | undefined {
  try {
    return readUpstream(String(raw))
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

/** An upstream in its shortest full form: `localhost:5432`, `[::1]:5432`, `tls://db:5432`, `unix:/run/db.sock`. */
export function formatUpstream(upstream: Upstream): string {
  if (upstream.kind === 'unix') return `unix:${upstream.path}`
  const host = upstream.host.includes(':') ? `[${upstream.host}]` : upstream.host
  return `${upstream.kind === 'tls' ? 'tls://' : ''}${host}:${upstream.port}`
}

function unixUpstream(text: string): Upstream {
  const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '')
  if (!path.startsWith('/') || path === '/' || path.includes('\0')) throw syntax(text, 'the path must be absolute')
  return { kind: 'unix', path }
}

function port(text: string, digits: string): number {
  const value = Number(digits)
  if (digits.length > 5 || value < 1 || value > 65535) throw syntax(text, `${digits} is not a port (1 to 65535)`)
  return value
}

function syntax(text: string, why: string): ConfigError {
  return new ConfigError(
    'UR_UPSTREAM_SYNTAX',
    `the upstream "${text}" was not understood: ${why}. Write ${UPSTREAM_FORMS}`,
  )
}
