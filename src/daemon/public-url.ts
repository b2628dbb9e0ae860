import { isIP } from 'node:net'
import type { ServerConfig } from '../config/index.js'

/**
 * The address of a tunnel as visitors type it. A `tcp` tunnel is at the server's domain; or, where that is `localhost`
 * and its ports listen on one IP address only, at that address. Others are at their own name.
 */
export function publicUrl(
  config: ServerConfig,
  ports: { readonly tls: number; readonly http: number },
  scheme: 'tcp' | 'tls' | 'http' | 'https',
  host: string | null,
  port: number | null,
): string {
  if (scheme !== 'tcp') {
    const port = scheme === 'http' ? ports.http : ports.tls
    return `${scheme}://${host}${port === (scheme === 'http' ? 80 : 443) ? '' : `:${port}`}`
  }
  const range = config.listen.tcp_ports.find(({ from, to }) => port !== null && port >= from && port <= to)
  const name =
    config.domain === 'localhost' && range?.host !== undefined && isOneAddress(range.host) ? range.host : config.domain
  return `tcp://${hostPort(name, port ?? 0)}`
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function isOneAddress(host: string): boolean {
  return isIP(host) !== 0 && host !== '0.0.0.0' && host !== '::'
}
