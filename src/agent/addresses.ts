import type { HostPort } from '../config/index.js'

/** `host:port`, with brackets around an IPv6 address. */
export function hostPortText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What an error of the system says: its code, and of several tries (AggregateError) each. */
export function reasonText(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonText))].join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** The system's code of an error, such as ECONNREFUSED; empty when it has none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
