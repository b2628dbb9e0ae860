import { BlockList, isIP, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

/** Where to listen. `host` undefined: every interface, IPv6 and IPv4. Port 0: any free port. */
export interface ListenAddress {
  readonly host: string | undefined
  readonly port: number
}

/** A host and a port to connect to. IPv6 hosts are without brackets. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Ports `from` to `to`, both included, on `host` (undefined: every interface). */
export interface PortRange {
  readonly host: string | undefined
  readonly from: number
  readonly to: number
}

/** An IP network in CIDR notation. */
export interface Network {
  readonly address: string
  readonly prefix: number
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i

/** A whole number from 0 to 65535, as a number or decimal digits; undefined for anything else. */
export function parsePort(value: string | number): number | undefined {
  if (typeof value === 'string' && !/^\d{1,5}$/.test(value)) return undefined
  const port = Number(value)
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined
}

/** Whether `text` is an IP address or a host name (RFC 1123, underscores tolerated). */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text))
}

/**
 * Whether `text` is one label of a host name that visitors can come by: letters, digits and inner hyphens (RFC 5890
 * §2.3.1), or what IDNA makes such a label of.
 */
export function isSubdomain(text: string): boolean {
  // domainToASCII follows the URL rules, which decode percent signs.
  return LABEL.test(text) || (NOT_ASCII.test(text) && !text.includes('%') && LABEL.test(domainToASCII(text)))
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i
const NOT_ASCII = /[^\0-\x7f]/

/** 'host:port', '[v6]:port', and with `defaultPort` also 'host' alone; undefined for anything else. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const { host, rest } = splitHost(text)
  if (host === undefined || !isHost(host)) return undefined
  if (rest === '' && defaultPort !== undefined) return { host, port: defaultPort }
  const port = rest.startsWith(':') ? parsePort(rest.slice(1)) : undefined
  return port === undefined || port === 0 ? undefined : { host, port }
}

/** 443, ':443', '127.0.0.1:8443', '[::]:443'; undefined for anything else. */
export function parseListenAddress(value: string | number): ListenAddress | undefined {
  const bare = parsePort(value)
  if (bare !== undefined) return { host: undefined, port: bare }
  if (typeof value === 'number') return undefined
  const { host, rest } = splitHost(value)
  const port = rest.startsWith(':') ? parsePort(rest.slice(1)) : undefined
  if (port === undefined || (host !== undefined && !isHost(host))) return undefined
  return { host, port }
}

/** '20000-29999', 25432, '127.0.0.1:20000-29999'; undefined for anything else. */
export function parsePortRange(value: string | number): PortRange | undefined {
  const text = String(value)
  const match = /^(?:(.*):)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (!match) return undefined
  const from = parsePort(match[2] ?? '')
  const to = parsePort(match[3] ?? match[2] ?? '')
  if (from === undefined || to === undefined || from === 0 || from > to) return undefined
  if (match[1] === undefined || match[1] === '') return { host: undefined, from, to }
  const { host, rest } = splitHost(match[1])
  return host !== undefined && rest === '' && isHost(host) ? { host, from, to } : undefined
}

/** '10.0.0.0/8', 'fd00::/8', or one address; undefined for anything else. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text)
  const address = match?.[1] ?? ''
  const family = isIP(address)
  if (family === 0) return undefined
  const bits = family === 4 ? 32 : 128
  const prefix = match?.[2] === undefined ? bits : Number(match[2])
  return prefix <= bits ? { address, prefix } : undefined
}

/** Whether an address belongs to any of the networks. An IPv4 address written as `::ffff:a.b.c.d` counts as IPv4. */
export function networkMatcher(networks: readonly Network[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const { address, prefix } of networks) list.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4')
  return (address) => {
    const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
    const family = isIP(plain)
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }
}

/** The host before ':port' (brackets removed) and what follows it; host undefined when there is none before the colon. */
function splitHost(text: string): { host: string | undefined; rest: string } {
  const bracketed = /^\[([^\]]+)\](.*)$/.exec(text)
  if (bracketed) {
    const host = bracketed[1] ?? ''
    return isIPv6(host) ? { host, rest: bracketed[2] ?? '' } : { host: '[', rest: '' }
  }
  const colon = text.indexOf(':')
  if (colon === -1) return { host: text, rest: '' }
  return { host: colon === 0 ? undefined : text.slice(0, colon), rest: text.slice(colon) }
}
