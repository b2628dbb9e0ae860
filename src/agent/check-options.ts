import { ConfigError } from '../core/errors.js'
import { Secret } from '../core/secret.js'
import type { AgentOptions, HttpTunnelOptions, TerminateOptions, TunnelSpec } from './api.js'
import { checkHttpOptions } from './http-options.js'

/** What plain JavaScript may have given instead of `T`. */
type Unchecked<T> = { readonly [Key in keyof T]?: unknown } | null | undefined

/**
 * Makes sure that the options of an agent make sense, for callers without TypeScript too.
 * Throws ConfigError(UR_AGENT_OPTION), which names the option.
 */
export function checkOptions(given: unknown, maxConnections: number): asserts given is AgentOptions {
  if (!isObject(given)) throw wrong('new Agent() needs an object of options; server and tunnels must be in it')
  const { server, token, tunnels, connections, certificates } = given as NonNullable<Unchecked<AgentOptions>>
  checkServer(server)
  if (token !== undefined && !(token instanceof Secret)) {
    throw wrong("the option token is not a Secret; write new Secret('unr_…'), so that it reaches no log")
  }
  checkTunnels(tunnels)
  checkCertificates(tunnels as AgentOptions['tunnels'], certificates)
  if (connections === undefined || connections === 'auto') return
  if (!isWithin(connections, maxConnections)) {
    throw wrong(`the option connections must be 'auto' or a number from 1 to ${maxConnections}`)
  }
}

/** The same for one more tunnel of an agent that has these `certificates`. */
export function checkSpec(spec: unknown, certificates: AgentOptions['certificates']): asserts spec is TunnelSpec {
  checkTunnel('spec', spec)
  checkCertificates([spec], certificates)
}

function checkServer(server: unknown): void {
  const how = "write server: { host: 'tunnels.example.com', port: 443 }"
  if (server === undefined) throw wrong(`the option server is missing; ${how}`)
  const { host, port } = (server ?? {}) as NonNullable<Unchecked<AgentOptions['server']>>
  if (!isText(host)) throw wrong(`the option server.host is missing or no text; ${how}`)
  if (!isWithin(port, 65_535)) throw wrong(`the option server.port must be a number from 1 to 65535; ${how}`)
}

function checkTunnels(tunnels: unknown): void {
  if (tunnels === undefined) throw wrong('the option tunnels is missing; an agent needs at least one')
  if (!Array.isArray(tunnels) || tunnels.length === 0) {
    throw wrong('the option tunnels must be a list of at least one tunnel')
  }
  const names = new Set<unknown>()
  for (const [i, tunnel] of (tunnels as unknown[]).entries()) {
    const option = `the option tunnels[${i}]`
    checkTunnel(option, tunnel)
    if (names.has(tunnel.name)) throw wrong(`${option}.name is that of another tunnel too; give each its own`)
    names.add(tunnel.name)
  }
}

function checkTunnel(option: string, tunnel: unknown): asserts tunnel is TunnelSpec {
  const { name, kind, upstream, http, terminate } = (tunnel ?? {}) as NonNullable<Unchecked<TunnelSpec>>
  if (!isText(name)) throw wrong(`${option}.name is missing or no text`)
  if (kind !== 'tcp' && kind !== 'tls' && kind !== 'http') {
    throw wrong(`${option}.kind must be 'tcp', 'tls' or 'http'`)
  }
  if (!isObject(upstream)) throw wrong(`${option}.upstream is missing; write upstream: readUpstream('localhost:8080')`)
  checkHttp(`${option}.http`, kind, http)
  if (terminate !== undefined) checkTerminate(`${option}.terminate`, kind, http, terminate)
}

function checkHttp(option: string, kind: string, http: unknown): void {
  const { options } = (http ?? {}) as NonNullable<Unchecked<HttpTunnelOptions>>
  if (options === undefined) return
  if (kind !== 'http') throw wrong(`${option}.options is for tunnels of kind 'http'`)
  try {
    checkHttpOptions(options)
  } catch (error) {
    throw wrong(`${option}.options is not allowed: ${(error as Error).message}`)
  }
}

/** What a server does for an `http` tunnel, it cannot do for one whose TLS it passes through. */
const OF_SERVERS = ['pool', 'weight', 'sticky'] as const

function checkTerminate(option: string, kind: string, http: unknown, terminate: unknown): void {
  if (kind === 'tcp') throw wrong(`${option} is for tunnels of kind 'http' or 'tls'`)
  const { scheme, ...rest } = (http ?? {}) as NonNullable<Unchecked<HttpTunnelOptions>>
  const needsServer = OF_SERVERS.find((each) => rest[each] !== undefined)
  if (needsServer !== undefined) throw wrong(`${option} and http.${needsServer} exclude each other`)
  if (scheme !== undefined && scheme !== 'https')
    throw wrong(`${option} and http.scheme exclude each other: plain HTTP ends at the server`)
  const { files } = (terminate ?? {}) as NonNullable<Unchecked<TerminateOptions>>
  if (files === undefined) return
  const { cert, key } = (files ?? {}) as NonNullable<Unchecked<TerminateOptions['files']>>
  if (!isText(cert) || !isText(key)) throw wrong(`${option}.files must be { cert, key }: the paths of two PEM files`)
}

function checkCertificates(tunnels: AgentOptions['tunnels'], certificates: unknown): void {
  const needs = tunnels.find(({ terminate }) => terminate !== undefined && terminate.files === undefined)
  if (needs === undefined || isObject(certificates)) return
  throw wrong(`the option certificates is missing, and the tunnel "${needs.name}" has no certificate files`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isWithin(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most
}

function wrong(what: string): ConfigError {
  return new ConfigError('UR_AGENT_OPTION', what)
}
