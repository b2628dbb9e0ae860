import { isIP, isIPv4, isIPv6 } from 'node:net'
import { listField, type Fields } from '../../../core/http-fields.js'

/** Whether an address belongs to a proxy whose word on the visitor counts. */
export type IsTrusted = (address: string) => boolean

/** How many addresses of a chain are looked at: each look-up costs, and no chain of real proxies is that long. */
const MAX_CHAIN = 32

/** One element of `Forwarded` (RFC 7239 §4): who came, for which host, by which scheme. `address` is an IP address. */
export function forwardedElement(address: string, host: string, scheme: string): string {
  const node = address.includes(':') ? `"[${address}]"` : address
  const named = PLAIN_HOST.test(host) ? host : `"${HAS_QUOTES.test(host) ? host.replace(/["\\]/g, '\\$&') : host}"`
  return `for=${node};host=${named};proto=${scheme}`
}

const PLAIN_HOST = /^[A-Za-z0-9._-]+$/
const HAS_QUOTES = /["\\]/

/**
 * The visitor's address behind trusted proxies: from the right of `X-Forwarded-For`, the first that is no trusted proxy.
 * What stands left of it anybody may have written. It is `peer`, who is trusted, when there is no usable address, and
 * the leftmost address when all are trusted.
 */
export function visitorBehind(fields: Fields, peer: string, isTrusted: IsTrusted): string {
  let visitor = peer
  const chain = listField(fields, 'x-forwarded-for')?.split(',') ?? []
  for (let i = chain.length - 1, left = MAX_CHAIN; i >= 0 && left > 0; i--, left--) {
    const address = nodeAddress(chain[i] as string)
    if (address === null) break
    visitor = address
    if (!isTrusted(address)) break
  }
  return visitor
}

/** The address of a node as proxies write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; null: none. */
export function nodeAddress(node: string): string | null {
  const text = node.trim()
  if (isIP(text) !== 0) return plainAddress(text)
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1]
  if (bracketed !== undefined) return isIPv6(bracketed) ? plainAddress(bracketed) : null
  const host = /^([^:]+):\d{1,5}$/.exec(text)?.[1]
  return host !== undefined && isIPv4(host) ? host : null
}

/** An IP address without its zone, and IPv4 as IPv4 where IPv6 carries it: as a dual-stack socket reports it. */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address
  const bare = address.replace(/%.*$/, '')
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare
}
