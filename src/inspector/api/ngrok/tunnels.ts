import { ConfigError } from '../../../core/errors.js'
import { printable } from '../../../core/printable.js'
import type { TunnelDefinition } from '../../tunnel-control.js'

type Given = Readonly<Record<string, unknown>>
type Readers = Readonly<Record<string, (value: unknown) => unknown>>

/** Keys of ngrok's tunnels that ours have by the same name. */
const SAME = ['basic_auth', 'circuit_breaker', 'crt', 'domain', 'host_header', 'key', 'subdomain'] as const
/** Those that change nothing of what passes: they are for whoever reads them. */
const WITHOUT_EFFECT = new Set(['name', 'metadata', 'description'])
/** The longest name that servers take. */
const NAME_LENGTH = 100

/**
 * The tunnel that `POST /api/tunnels` describes, in the terms of ngrok's configuration, versions 1 and 2; groups may be
 * written with dots (`ip_restriction.allow_cidrs`). Throws ConfigError UR_CONFIG_VALUE, which names what UniRoute does
 * not have or cannot read: nothing that keeps visitors out is left out in silence.
 */
export function fromTunnel(given: Given): TunnelDefinition {
  const { proto = 'http' } = given
  const keys = new Keys()
  keys.set('kind', proto, 'proto')
  keys.set('upstream', upstreamOf(proto, given['addr']), 'addr')
  const read: Record<string, (value: unknown) => unknown> = {
    addr: () => undefined,
    proto: () => undefined,
    hostname: (value) => keys.set('domain', value, 'hostname'),
    inspect: (value) => keys.set('inspect', flag(value), 'inspect'),
    auth: (value) => keys.set('basic_auth', [value], 'auth'),
    schemes: (value) => keys.set('scheme', schemeOf([value].flat()), 'schemes'),
    bind_tls: (value) => keys.set('scheme', schemeOfTls(value), 'bind_tls'),
    remote_addr: (value) => keys.set('remote_port', portOf(value), 'remote_addr'),
    proxy_proto: (value) => keys.set('proxy_protocol', number(value), 'proxy_proto'),
    mutual_tls_cas: (value) => keys.set('mutual_tls_ca', [value].flat(), 'mutual_tls_cas'),
    terminate_at: (value) => terminateAt(keys, value),
    'ip_restriction.allow_cidrs': (value) => keys.set('cidr_allow', value, 'ip_restriction.allow_cidrs'),
    'ip_restriction.deny_cidrs': (value) => keys.set('cidr_deny', value, 'ip_restriction.deny_cidrs'),
    'verify_webhook.provider': (value) => keys.set('verify_webhook', value, 'verify_webhook.provider'),
    'verify_webhook.secret': (value) => keys.set('verify_webhook_secret', value, 'verify_webhook.secret'),
  }
  for (const of of ['request', 'response']) {
    for (const edit of ['add', 'remove']) {
      const origin = `${of}_header.${edit}`
      read[origin] = (value) => keys.set(`${of}_header_${edit}`, value, origin)
    }
  }
  for (const name of SAME) read[name] = (value) => keys.set(name, value, name)
  take(withDots(given, read), read)
  // Who gives a certificate means that TLS ends in the agent.
  if (keys.has('crt')) keys.set('terminate', 'agent', 'crt')
  return keys.definition(given)
}

/** The tunnel that `POST /api/endpoints` describes, as in version 3. Throws as `fromTunnel`. */
export function fromEndpoint(given: Given): TunnelDefinition {
  const { upstream: to = {} } = given
  const { url: target } = isSection(to) ? to : { url: to }
  const { scheme, host, path } = addressOf(given['url'])
  const kind = scheme === 'http' || scheme === 'https' ? 'http' : scheme
  const keys = new Keys()
  keys.set('kind', kind, 'url')
  keys.set('upstream', upstreamOf(kind, target), 'upstream.url')
  if (kind === 'http') keys.set('scheme', scheme, 'url')
  if (kind === 'tcp') keys.set('remote_port', /:\d/.test(host) ? portOf(host) : 0, 'url')
  else if (host !== '') keys.set('domain', host.replace(/:\d+$/, ''), 'url')
  if (path !== '') keys.set('path', path, 'url')
  const read: Readers = {
    url: () => undefined,
    uri: () => undefined,
    metrics: () => undefined,
    upstream: () => undefined,
    'upstream.url': () => undefined,
    'upstream.protocol': (value) => keys.set('upstream_protocol', value, 'upstream.protocol'),
    'upstream.proxy_protocol': (value) => keys.set('proxy_protocol', number(value), 'upstream.proxy_protocol'),
    inspect: (value) => keys.set('inspect', flag(value), 'inspect'),
    bindings: (value) => onlyPublic(value),
    pooling_enabled: (value) => flag(value) === true && keys.set('pool', 'round-robin', 'pooling_enabled'),
  }
  take(withDots(given, read), read)
  return keys.definition(given)
}

/** Collects keys of our configuration. */
class Keys {
  readonly #values: Record<string, unknown> = {}
  readonly #origins: Record<string, string> = {}

  /** Throws ConfigError when another of ngrok's fields has set it to something else. */
  set(key: string, value: unknown, origin: string): void {
    if (this.has(key) && JSON.stringify(this.#values[key]) !== JSON.stringify(value)) {
      throw wrong(`${origin} and ${this.#origins[key] ?? key} say different things`)
    }
    this.#values[key] = value
    if (key !== origin) this.#origins[key] = origin
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined
  }

  definition({ name }: Given): TunnelDefinition {
    const origins = this.#origins
    return { name: this.#name(name), keys: this.#values, origins }
  }

  #name(name: unknown): string {
    const { kind, upstream } = this.#values
    if (name === undefined || name === null || name === '')
      return `${String(kind)}-${String(upstream).replace(/^.*[:/]/, '')}`
    if (typeof name === 'string' && name.length <= NAME_LENGTH && name === printable(name)) return name
    throw wrong(`name must be a text of 1 to ${NAME_LENGTH} printable characters`)
  }
}

/** Gives each field to its reader. What is null, empty, or false where UniRoute has nothing like it, asks for nothing. */
function take(given: Given, read: Readers): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === '' || WITHOUT_EFFECT.has(name)) continue
    if (Object.hasOwn(read, name)) read[name]!(value)
    else if (value !== false) throw wrong(`UniRoute has nothing for "${printable(name)}" of ngrok's tunnels`)
  }
}

/** With `a.b` in the place of `a: {b}`, for groups that are read so. */
function withDots(given: Given, read: Readers): Given {
  const groups = new Set(Object.keys(read).flatMap((name) => /^(.*)\./.exec(name)?.[1] ?? []))
  const flat: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const isGroup = groups.has(name) && value !== null && value !== ''
    if (isGroup && isSection(value)) {
      for (const [key, each] of Object.entries(value)) flat[`${name}.${key}`] = each
    } else if (isGroup && !Object.hasOwn(read, name)) {
      throw wrong(`${name} must be an object`)
    } else {
      flat[name] = value
    }
  }
  return flat
}

/** ngrok takes a port, HOST:PORT or a URL; without a port that of its scheme. */
function upstreamOf(kind: unknown, addr: unknown): string {
  const text = typeof addr === 'string' || typeof addr === 'number' ? String(addr) : ''
  if (text === '') throw wrong('the address of the upstream is missing (addr, or upstream.url)')
  if (kind !== 'http' || /^[a-z]+:|:\d+$|^\d+$/i.test(text)) return text
  return `${text}:80`
}

/** `https://shop.example.com/api`, `tcp://`, `shop.example.com` */
function addressOf(url: unknown): { scheme: string; host: string; path: string } {
  if (url === undefined || url === null || url === '') return { scheme: 'https', host: '', path: '' }
  const parts =
    typeof url === 'string' ? /^(?:(https?|tcp|tls):\/\/)?([^/?#\s:]*(?::\d+)?)(\/[^?#\s]*)?$/i.exec(url) : null
  if (parts === null) throw wrong('url must be such as https://shop.example.com, tcp:// or tls://db.example.com')
  const [, scheme = 'https', host = '', path = ''] = parts
  return { scheme: scheme.toLowerCase(), host, path: path === '/' ? '' : path }
}

function schemeOf(schemes: readonly unknown[]): string {
  const [http, https] = ['http', 'https'].map((each) => schemes.includes(each))
  if (schemes.some((each) => each !== 'http' && each !== 'https') || !(http || https)) {
    throw wrong('schemes must be a list of http, https or both')
  }
  return http && https ? 'both' : http ? 'http' : 'https'
}

function schemeOfTls(value: unknown): string {
  const asked = flag(value)
  if (asked === 'both') return 'both'
  if (typeof asked !== 'boolean') throw wrong('bind_tls must be true, false or both')
  return asked ? 'https' : 'http'
}

/** Of `1.tcp.ngrok.io:27210` the port: the host is that of the server. */
function portOf(address: unknown): number {
  const port = Number(/^(?:[^:\s]*:)?(\d{1,5})$/.exec(String(address))?.[1] ?? NaN)
  if (port <= 65_535) return port
  throw wrong('remote_addr must be HOST:PORT')
}

function terminateAt(keys: Keys, value: unknown): void {
  if (value === 'agent') keys.set('terminate', 'agent', 'terminate_at')
  else if (value !== 'upstream') throw wrong('terminate_at must be agent or upstream')
}

/** Any other binding is not for everybody, which is all that there is here. */
function onlyPublic(value: unknown): void {
  if ([value].flat().some((each) => each !== 'public')) throw wrong('bindings must be public')
}

/** Also as a text, as command lines have it. */
function flag(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value
}

function number(value: unknown): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
}

function isSection(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(message: string): ConfigError {
  return new ConfigError('UR_CONFIG_VALUE', message)
}
