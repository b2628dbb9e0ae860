import { isIP, BlockList } from 'node:net'
import { ConfigError } from '../core/errors.js'
import { parseNetwork, type HostPort } from '../config/index.js'

/** An HTTP proxy that leads to the server. */
export interface ProxyAddress extends HostPort {
  /** The proxy itself is spoken to over TLS. */
  readonly tls: boolean
  /** Value of `Proxy-Authorization`; null: none. */
  readonly authorization: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment names for connections to `target`, or null. `https_proxy` wins over `all_proxy`, small
 * letters over capitals; `no_proxy` is read as curl reads it: names and their subdomains, IP addresses, networks, `*`,
 * each with an optional port. Throws ConfigError(UR_PROXY_CONFIG).
 */
export function proxyFor(target: HostPort, env: Environment): ProxyAddress | null {
  const url = pick(env, 'https_proxy') ?? pick(env, 'all_proxy')
  if (url === undefined || excluded(target, pick(env, 'no_proxy') ?? '')) return null
  return parseProxy(url)
}

function pick(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined
}

function parseProxy(text: string): ProxyAddress {
  const full = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(full)) throw wrong('it is not a URL')
  const url = new URL(full)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw wrong(`${url.protocol}// proxies are not supported, only http:// and https://`)
  }
  const tls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  return { host, port, tls, authorization: basicAuthorization(url) }
}

function basicAuthorization(url: URL): string | null {
  if (url.username === '' && url.password === '') return null
  let login: string
  try {
    login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  } catch {
    throw wrong('its user or password has a % that begins no escape')
  }
  return `Basic ${Buffer.from(login).toString('base64')}`
}

function excluded({ host, port }: HostPort, noProxy: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  return noProxy.split(/[\s,]+/).some((entry) => entry !== '' && matches(entry.toLowerCase(), name, port))
}

function matches(entry: string, name: string, port: number): boolean {
  if (entry === '*') return true
  const network = parseNetwork(entry.replace(/^\[(.*)\]$/, '$1'))
  if (network !== undefined) {
    const family = isIP(name)
    if (family === 0) return false
    const list = new BlockList()
    list.addSubnet(network.address, network.prefix, isIP(network.address) === 6 ? 'ipv6' : 'ipv4')
    return list.check(name, family === 6 ? 'ipv6' : 'ipv4')
  }
  const [, host = '', onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
  if (onlyPort !== undefined && Number(onlyPort) !== port) return false
  const bare = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^\*?\./, '')
    .replace(/\.$/, '')
  return bare !== '' && (name === bare || name.endsWith(`.${bare}`))
}

// The URL itself is not repeated: it may hold a password.
function wrong(why: string): ConfigError {
  return new ConfigError(
    'UR_PROXY_CONFIG',
    `the proxy in https_proxy or all_proxy was not understood: ${why}. Write http://USER:PASSWORD@HOST:PORT`,
  )
}
