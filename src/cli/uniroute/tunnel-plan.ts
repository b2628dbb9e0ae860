import path from 'node:path'
import type { HttpTunnelOptions } from '../../agent/index.js'
import {
  type AgentConfig,
  type AgentTunnelConfig,
  type Credentials,
  formatUpstream,
  type HttpOptions,
  httpOptionsOf,
  readUpstream,
  type Upstream,
} from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { httpOptionsFromFlags } from './http-options.js'

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
  readonly proxyProtocol: 1 | 2 | null
  /** How long visitors may wait while the agent is away, ms; null: as long as by default. */
  readonly holdMs: number | null
}

/** What `uniroute tcp`, `uniroute tls` and `uniroute http` were given, beside the flags of `http-flags.ts`. */
export interface TunnelFlags {
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
    proxyProtocol: flags.proxyProtocol ?? null,
    holdMs: flags.hold ?? null,
  }
}

/** Throws ConfigError(UR_USAGE) for flags that do not go together. */
function httpOf(
  { path: prefix, scheme, upstreamProtocol, pool, weight, sticky, ...flags }: TunnelFlags,
  { rules }: HttpOptions<Credentials>,
): HttpTunnelOptions {
  if (flags.domain !== undefined && flags.subdomain !== undefined) {
    throw new ConfigError('UR_USAGE', '--domain and --subdomain exclude each other')
  }
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

function planOf(name: string, tunnel: AgentTunnelConfig): TunnelPlan {
  const {
    kind,
    upstream,
    upstream_ca: upstreamCa,
    remote_port: remotePort,
    domain,
    proxy_protocol: proxyProtocol,
    hold: holdMs,
    subdomain,
  } = tunnel
  if (kind === 'udp') {
    throw new ConfigError(
      'UR_NOT_IN_VERSION',
      `the tunnel "${name}" is of kind ${kind}, which this version does not have`,
    )
  }
  const http = kind === 'http' ? httpOfConfig(tunnel) : null
  return { name, kind, upstream, upstreamCa, remotePort, domain, subdomain, http, proxyProtocol, holdMs }
}

function httpOfConfig(tunnel: AgentTunnelConfig): HttpTunnelOptions {
  const { path: prefix, scheme, upstream_protocol: upstreamProtocol, pool, weight, sticky } = tunnel
  return {
    ...(prefix !== null && { path: prefix }),
    scheme,
    upstreamProtocol,
    ...(pool !== null && { pool }),
    weight,
    sticky: sticky === 'cookie',
    options: httpOptionsOf(tunnel, tunnel.upstream),
  }
}

/** The upstream of a plan as it is shown. */
export function upstreamText(plan: TunnelPlan): string {
  return formatUpstream(plan.upstream)
}
