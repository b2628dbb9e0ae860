import type { AgentConfig, AgentTunnelConfig } from './agent-schema.js'
import { checkCerts, checkEab } from './certs-rules.js'
import { checkHttpKeys } from './http-schema.js'
import type { ServerConfig } from './server-schema.js'
import type { Problem } from './validate.js'
import type { KeyPath } from './walk.js'

const problem = (path: KeyPath, message: string): Problem => ({ code: 'UR_CONFIG_VALUE', path, message })

/** What several keys of a server's configuration must fulfil together. */
export function* checkServer(config: ServerConfig): Generator<Problem> {
  const { limits } = config
  yield* checkCerts(config)
  if (limits.session_window_budget < limits.window_max) {
    yield problem(['limits', 'session_window_budget'], 'is smaller than limits.window_max; write at least as much')
  }
  if (limits.process_window_budget < limits.session_window_budget) {
    yield problem(
      ['limits', 'process_window_budget'],
      'is smaller than limits.session_window_budget; write at least as much',
    )
  }
}

/** What several keys of an agent's configuration must fulfil together. */
export function* checkAgent(config: AgentConfig): Generator<Problem> {
  for (const key of ['agent_key', 'agent_cert_password_file'] as const) {
    if (config[key] !== null && config.agent_cert === null)
      yield problem([key], 'needs agent_cert: the certificate that it belongs to')
  }
  const ports = new Map<number, string>()
  const domains = new Map<string, string>()
  yield* checkEab(config.acme.eab, ['acme', 'eab'])
  for (const [i, { eab }] of config.acme.fallbacks.entries()) yield* checkEab(eab, ['acme', 'fallbacks', i, 'eab'])
  for (const [name, tunnel] of Object.entries(config.tunnels)) {
    const at = (key: string): KeyPath => ['tunnels', name, key]
    yield* checkTunnel(tunnel, at)
    yield* twice(ports, tunnel.remote_port === 0 ? null : tunnel.remote_port, name, at('remote_port'))
    // Several http tunnels may share a name, each with a path of its own.
    const address = tunnel.domain === null ? null : `${tunnel.domain}${tunnel.path ?? ''}`
    if (tunnel.pool === null) yield* twice(domains, address, name, at('domain'))
  }
}

/** What several keys of one tunnel must fulfil together; `at`: where a key stands. */
export function* checkTunnel(tunnel: AgentTunnelConfig, at: (key: string) => KeyPath): Generator<Problem> {
  if (tunnel.kind !== 'tcp' && tunnel.remote_port !== 0) yield problem(at('remote_port'), 'is for tunnels of kind tcp')
  if (tunnel.kind !== 'tls' && tunnel.kind !== 'http' && tunnel.domain !== null) {
    yield problem(at('domain'), 'is for tunnels of kind http or tls')
  }
  yield* checkHttp(tunnel, at)
  yield* checkTerminate(tunnel, at)
  if (tunnel.upstream_ca !== null && tunnel.upstream.kind !== 'tls') {
    yield problem(at('upstream_ca'), 'is for an upstream spoken to over TLS, such as tls://host:port')
  }
  yield* checkHttpKeys(tunnel.kind, tunnel, at)
}

/** Keys that only `http` tunnels have, and what they must fulfil together. */
function* checkHttp(tunnel: AgentTunnelConfig, at: (key: string) => KeyPath): Generator<Problem> {
  const { kind, subdomain, path, scheme, upstream_protocol: protocol, pool, weight, sticky } = tunnel
  const given = { path, pool, scheme: scheme !== 'https', upstream_protocol: protocol !== 'http1' }
  if (kind !== 'tls' && kind !== 'http' && subdomain !== null) {
    yield problem(at('subdomain'), 'is for tunnels of kind http or tls')
  }
  if (kind !== 'http') {
    for (const [key, value] of Object.entries(given)) {
      if (value !== null && value !== false) yield problem(at(key), 'is for tunnels of kind http')
    }
  } else if (tunnel.proxy_protocol !== null) {
    yield problem(at('proxy_protocol'), 'is not for tunnels of kind http; X-Forwarded-For tells the visitor’s address')
  }
  if (scheme !== 'https' && tunnel.mutual_tls_ca.length > 0) {
    yield problem(at('mutual_tls_ca'), `asks visitors for certificates, which scheme ${scheme} cannot; leave one out`)
  }
  if (subdomain !== null && tunnel.domain !== null) yield problem(at('subdomain'), 'and domain exclude each other')
  if (pool !== null) return
  if (weight !== 1) yield problem(at('weight'), 'needs pool')
  if (sticky !== 'off') yield problem(at('sticky'), 'needs pool')
}

/** What ends in the agent, the server passes through: what it does for other tunnels, it cannot do for that one. */
function* checkTerminate(tunnel: AgentTunnelConfig, at: (key: string) => KeyPath): Generator<Problem> {
  const { kind, terminate, crt, key, pool, scheme, domain } = tunnel
  if ((crt === null) !== (key === null))
    yield problem(at(crt === null ? 'crt' : 'key'), 'is missing; crt and key belong together')
  if (terminate === null) {
    if (crt !== null) yield problem(at('crt'), 'needs terminate: agent')
    return
  }
  if (kind !== 'http' && kind !== 'tls') yield problem(at('terminate'), 'is for tunnels of kind http or tls')
  if (pool !== null)
    yield problem(at('pool'), 'and terminate exclude each other: it is the server that gives requests out')
  if (scheme !== 'https') yield problem(at('scheme'), 'and terminate exclude each other: plain HTTP ends at the server')
  if (domain?.startsWith('*.') === true && crt === null) {
    yield problem(
      at('crt'),
      'is missing: a wildcard cannot be proved through a tunnel; give a certificate with crt and key',
    )
  }
}

function* twice<T>(seen: Map<T, string>, value: T | null, name: string, path: KeyPath): Generator<Problem> {
  if (value === null) return
  const first = seen.get(value)
  if (first !== undefined) yield problem(path, `${String(value)} is that of tunnel ${first} too; give each its own`)
  else seen.set(value, name)
}
