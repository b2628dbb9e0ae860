import { ConfigError } from '../../../core/errors.js'

/** Starts and stops tunnels of the agent, while it runs. */
export interface TunnelControl {
  /** Resolves once the tunnel has its address. Throws UniRouteError, UR_NOT_IN_VERSION where the agent cannot. */
  start(definition: TunnelDefinition): Promise<void>
  /** False: there is no tunnel of that name. */
  stop(name: string): Promise<boolean>
}

/** A tunnel as it would stand in the configuration of the agent. */
export interface TunnelDefinition {
  readonly name: string
  /** Keys and values as below `tunnels.NAME` of uniroute.yml. */
  readonly keys: Readonly<Record<string, unknown>>
}

type Given = Readonly<Record<string, unknown>>
type Keys = Record<string, unknown>

/** Keys of ngrok's tunnels that ours have by the same name. */
const SAME = ['basic_auth', 'circuit_breaker', 'domain', 'host_header', 'subdomain'] as const
/** Those that change nothing here. */
const WITHOUT_EFFECT = new Set(['name', 'inspect', 'metadata', 'description', 'traffic_policy_file'])

/**
 * The tunnel that `POST /api/tunnels` describes, in the terms of ngrok's configuration, version 2. Throws ConfigError
 * UR_CONFIG_VALUE, which names what UniRoute does not have.
 */
export function fromTunnel(given: Given): TunnelDefinition {
  const { proto = 'http', addr } = given
  const keys: Keys = { kind: proto, upstream: upstreamOf(proto, addr) }
  const read: Record<string, (value: unknown) => void> = {
    addr: () => undefined,
    proto: () => undefined,
    hostname: (value) => (keys['domain'] = value),
    schemes: (value) => (keys['scheme'] = schemeOf([value].flat().map(String))),
    bind_tls: (value) =>
      (keys['scheme'] = schemeOf(value === 'both' ? ['http', 'https'] : [asked(value) ? 'https' : 'http'])),
    remote_addr: (value) => (keys['remote_port'] = portOf(value)),
    proxy_proto: (value) => (keys['proxy_protocol'] = Number(value)),
    ip_restriction: (value) => {
      const { allow_cidrs: allow = [], deny_cidrs: deny = [] } = section(value)
      Object.assign(keys, { cidr_allow: allow, cidr_deny: deny })
    },
    request_header: (value) => Object.assign(keys, edits('request', value)),
    response_header: (value) => Object.assign(keys, edits('response', value)),
    verify_webhook: (value) => {
      const { provider, secret } = section(value)
      Object.assign(keys, { verify_webhook: provider, verify_webhook_secret: secret })
    },
  }
  for (const name of SAME) read[name] = (value) => (keys[name] = value)
  take(given, read)
  return { name: nameOf(given, keys), keys }
}

/** The tunnel that `POST /api/endpoints` describes. Throws as `fromTunnel`. */
export function fromEndpoint(given: Given): TunnelDefinition {
  const { url: target, protocol } = section(given['upstream'])
  const url = typeof given['url'] === 'string' ? given['url'] : ''
  const [, scheme = 'https', host = ''] = /^(?:([a-z]+):\/\/)?([^/]*)/i.exec(url) ?? []
  const kind = scheme === 'tcp' || scheme === 'tls' ? scheme : 'http'
  const keys: Keys = { kind, upstream: upstreamOf(kind, target) }
  if (kind === 'http') keys['scheme'] = schemeOf([scheme])
  if (kind === 'tcp') keys['remote_port'] = portOf(host)
  else if (host !== '') keys['domain'] = host.replace(/:\d+$/, '')
  if (protocol === 'http2') keys['upstream_protocol'] = 'http2'
  take(given, {
    url: () => undefined,
    upstream: () => undefined,
    uri: () => undefined,
    metrics: () => undefined,
    bindings: () => undefined,
    pooling_enabled: (value) => asked(value) && (keys['pool'] = 'round-robin'),
  })
  return { name: nameOf(given, keys), keys }
}

function take(given: Given, read: Readonly<Record<string, (value: unknown) => unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === '' || WITHOUT_EFFECT.has(name)) continue
    if (!Object.hasOwn(read, name)) throw wrong(`UniRoute has nothing for "${name}" of ngrok's tunnels`)
    read[name]!(value)
  }
}

function nameOf({ name }: Given, { kind, upstream }: Keys): string {
  if (name === undefined || name === '') return `${String(kind)}-${String(upstream).replace(/^.*[:/]/, '')}`
  if (typeof name !== 'string' || name.length > 200) throw wrong('name must be a text of at most 200 characters')
  return name
}

/** ngrok takes a port, HOST:PORT or a URL; without a port that of its scheme. */
function upstreamOf(kind: unknown, addr: unknown): string {
  const text = typeof addr === 'string' || typeof addr === 'number' ? String(addr) : ''
  if (text === '') throw wrong('the address of the upstream is missing (addr, or upstream.url)')
  if (kind !== 'http' || /^[a-z]+:|:\d+$|^\d+$/i.test(text)) return text
  return `${text}:80`
}

function schemeOf(schemes: readonly string[]): string {
  return schemes.includes('http') ? (schemes.includes('https') ? 'both' : 'http') : 'https'
}

function portOf(address: unknown): number {
  return Number(/:(\d+)$/.exec(String(address))?.[1] ?? 0)
}

function asked(value: unknown): boolean {
  return value === true || value === 'true'
}

function section(value: unknown): Given {
  return typeof value === 'object' && value !== null ? (value as Given) : {}
}

function edits(of: string, value: unknown): Keys {
  const { add = [], remove = [] } = section(value)
  return { [`${of}_header_add`]: add, [`${of}_header_remove`]: remove }
}

function wrong(message: string): ConfigError {
  return new ConfigError('UR_CONFIG_VALUE', message)
}
