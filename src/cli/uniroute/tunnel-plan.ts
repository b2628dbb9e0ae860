import path from 'node:path'
import type { HttpTunnelOptions, TerminateOptions } from '../../agent/index.js'
import {
  type AgentConfig,
  type AgentTunnelConfig,
  type Credentials,
  formatUpstream,
  type HttpOptions,
  httpOptionsOf,
  isSubdomain,
  readUpstream,
  type Upstream,
} from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { httpOptionsFromFlags } from './http-options.js'
import type { TerminateFlags } from './terminate-flags.js'

/** A tunnel that the user asked for. */
export interface TunnelPlan {
  readonly name: string
  readonly kind: 'tcp' | 'tls' | 'http'
  readonly upstream: Upstream
  /** PEM file with the authority of a `tls://` upstream. */
  readonly upstreamCa: string | null
  /** 0: any. */
  readonly remotePort: number
  readonly domain: string | null
  readonly subdomain: string | null
  /** `http`: what only such tunnels have. */
  readonly http: HttpTunnelOptions | null
  /** TLS of visitors ends in the agent. */
  readonly terminate: TerminateOptions | null
  readonly proxyProtocol: 1 | 2 | null
  /** How long visitors may wait while the agent is away, ms; null: as long as by default. */
  readonly holdMs: number | null
  /** Whether the inspector may keep what passes. */
  readonly inspect: boolean
}

/** What `uniroute tcp`, `uniroute tls` and `uniroute http` were given, beside the flags of `http-flags.ts`. */
export interface TunnelFlags extends TerminateFlags {
  name?: string
  remotePort?: number
  domain?: string
  proxyProtocol?: 1 | 2
  hold?: number
  upstreamCa?: string
  subdomain?: string
  path?: string
  scheme?: 'https' | 'http' | 'both'
  upstreamProtocol?: 'http1' | 'http2'
  pool?: true | 'round-robin' | 'least-connections'
  weight?: number
  sticky?: true
}

/** The tunnel of `uniroute tcp|tls|http UPSTREAM`. Throws ConfigError. */
export function planFromFlags(kind: TunnelPlan['kind'], upstreamText: string, flags: TunnelFlags): TunnelPlan {
  const upstream = readUpstream(upstreamText)
  if (flags.upstreamCa !== undefined && upstream.kind !== 'tls') {
    throw new ConfigError('UR_USAGE', '--upstream-ca is for an upstream spoken to over TLS, such as tls://db:5432')
  }
  if (flags.domain !== undefined && flags.subdomain !== undefined) {
    throw new ConfigError('UR_USAGE', '--domain and --subdomain exclude each other')
  }
  if (flags.subdomain !== undefined && !isSubdomain(flags.subdomain)) {
    throw new ConfigError(
      'UR_USAGE',
      `--subdomain ${flags.subdomain} is not allowed; write one label of a host name, such as shop, or a whole name with --domain`,
    )
  }
  const options = kind === 'http' ? httpOptionsFromFlags({ ...flags }, upstream) : null
  return {
    name: flags.name ?? `${kind}-${upstream.kind === 'unix' ? path.basename(upstream.path) : upstream.port}`,
    kind,
    upstream,
    upstreamCa: flags.upstreamCa === undefined ? null : path.resolve(flags.upstreamCa),
    remotePort: flags.remotePort ?? 0,
    domain: flags.domain ?? null,
    subdomain: flags.subdomain ?? null,
    http: options === null ? null : { ...httpOf(flags, options), options },
    terminate: terminateOf(flags),
    proxyProtocol: flags.proxyProtocol ?? null,
    holdMs: flags.hold ?? null,
    inspect: true,
  }
}

/** Who gives a certificate means that TLS ends in the agent. Throws ConfigError(UR_USAGE) for flags that do not go together. */
function terminateOf({ terminate, crt, key, domain, pool, scheme }: TunnelFlags): TerminateOptions | null {
  if ((crt === undefined) !== (key === undefined)) {
    throw new ConfigError('UR_USAGE', `${crt === undefined ? '--key needs --crt' : '--crt needs --key'}`)
  }
  if (terminate === undefined && crt === undefined) return null
  if (pool !== undefined) {
    throw new ConfigError(
      'UR_USAGE',
      '--pool and --terminate exclude each other: it is the server that gives requests out',
    )
  }
  if (scheme !== undefined && scheme !== 'https') {
    throw new ConfigError(
      'UR_USAGE',
      `--scheme ${scheme} and --terminate exclude each other: plain HTTP ends at the server`,
    )
  }
  if (crt !== undefined && key !== undefined) return { files: { cert: path.resolve(crt), key: path.resolve(key) } }
  if (domain?.startsWith('*.') === true) {
    throw new ConfigError(
      'UR_USAGE',
      `a certificate for ${domain} cannot be had through a tunnel; give one with --crt and --key`,
    )
  }
  return {}
}

/** Throws ConfigError(UR_USAGE) for flags that do not go together. */
function httpOf(
  { path: prefix, scheme, upstreamProtocol, pool, weight, sticky }: TunnelFlags,
  { rules }: HttpOptions<Credentials>,
): HttpTunnelOptions {
  if (pool === undefined && (weight !== undefined || sticky !== undefined)) {
    throw new ConfigError('UR_USAGE', `${weight === undefined ? '--sticky' : '--weight'} needs --pool`)
  }
  if (scheme !== undefined && scheme !== 'https' && rules.mutualTlsCa.length > 0) {
    throw new ConfigError(
      'UR_USAGE',
      `--mutual-tls-ca asks visitors for certificates, which --scheme ${scheme} cannot; leave one out`,
    )
  }
  return {
    ...(prefix !== undefined && { path: prefix }),
    ...(scheme !== undefined && { scheme }),
    ...(upstreamProtocol !== undefined && { upstreamProtocol }),
    ...(pool !== undefined && { pool: pool === true ? 'round-robin' : pool }),
    ...(weight !== undefined && { weight }),
    ...(sticky !== undefined && { sticky }),
  }
}

/** The tunnels of `uniroute start NAME…` or `--all`. Throws ConfigError(UR_USAGE) for a name that is not in the file. */
export function plansFromConfig(
  config: AgentConfig,
  file: string | null,
  names: readonly string[],
  all: boolean,
): TunnelPlan[] {
  const known = Object.keys(config.tunnels)
  if (known.length === 0) {
    throw new ConfigError(
      'UR_USAGE',
      `there are no tunnels in ${file ?? 'the configuration: there is no file'}; write some below "tunnels:"`,
    )
  }
  if (all === names.length > 0)
    throw new ConfigError('UR_USAGE', `name tunnels or write --all; there are: ${known.join(', ')}`)
  return (all ? known : [...new Set(names)]).map((name) => {
    const tunnel = Object.hasOwn(config.tunnels, name) ? config.tunnels[name] : undefined
    if (!tunnel)
      throw new ConfigError('UR_USAGE', `there is no tunnel "${name}" in ${file}; there are: ${known.join(', ')}`)
    return planOf(name, tunnel)
  })
}

/** The plan of a tunnel as it is configured. Throws ConfigError UR_NOT_IN_VERSION, CertificateError UR_CLIENT_CA_…. */
export function planOf(name: string, tunnel: AgentTunnelConfig): TunnelPlan {
  const {
    kind,
    upstream,
    upstream_ca: upstreamCa,
    remote_port: remotePort,
    domain,
    proxy_protocol: proxyProtocol,
    hold: holdMs,
    subdomain,
    terminate: where,
    crt,
    key,
    inspect,
  } = tunnel
  if (kind === 'udp') {
    throw new ConfigError(
      'UR_NOT_IN_VERSION',
      `the tunnel "${name}" is of kind ${kind}, which this version does not have`,
    )
  }
  const http = kind === 'http' ? httpOfConfig(tunnel) : null
  const terminate = where === null ? null : crt === null || key === null ? {} : { files: { cert: crt, key } }
  return {
    name,
    kind,
    upstream,
    upstreamCa,
    remotePort,
    domain,
    subdomain,
    http,
    terminate,
    proxyProtocol,
    holdMs,
    inspect,
  }
}

function httpOfConfig(tunnel: AgentTunnelConfig): HttpTunnelOptions {
  const { path: prefix, scheme, upstream_protocol: upstreamProtocol, pool, weight, sticky } = tunnel
  return {
    ...(prefix !== null && { path: prefix }),
    scheme,
    upstreamProtocol,
    ...(pool !== null && { pool, weight, sticky: sticky === 'cookie' }),
    options: httpOptionsOf(tunnel, tunnel.upstream),
  }
}

/** The upstream of a plan as it is shown. */
export function upstreamText(plan: TunnelPlan): string {
  return formatUpstream(plan.upstream)
}
