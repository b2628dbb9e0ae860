import type { AgentConfig } from './agent-schema.js'
import { checkHttpKeys } from './http-schema.js'
import type { ServerConfig } from './server-schema.js'
import type { Problem } from './validate.js'
import type { KeyPath } from './walk.js'

const problem = (path: KeyPath, message: string): Problem => ({ code: 'UR_CONFIG_VALUE', path, message })

/** What several keys of a server's configuration must fulfil together. */
export function* checkServer(config: ServerConfig): Generator<Problem> {
  const { certs, limits } = config
  if (certs.mode === 'files' && certs.files.length === 0) {
    yield problem(
      ['certs', 'files'],
      'is empty and certs.mode is files; name at least one cert and key, or write mode: dev',
    )
  }
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
  const ports = new Map<number, string>()
  const domains = new Map<string, string>()
  for (const [name, tunnel] of Object.entries(config.tunnels)) {
    const at = (key: string): KeyPath => ['tunnels', name, key]
    if (tunnel.kind !== 'tcp' && tunnel.remote_port !== 0)
      yield problem(at('remote_port'), 'is for tunnels of kind tcp')
    if (tunnel.kind !== 'tls' && tunnel.domain !== null) yield problem(at('domain'), 'is for tunnels of kind tls')
    if (tunnel.upstream_ca !== null && tunnel.upstream.kind !== 'tls') {
      yield problem(at('upstream_ca'), 'is for an upstream spoken to over TLS, such as tls://host:port')
    }
    yield* checkHttpKeys(tunnel.kind, tunnel, at)
    yield* twice(ports, tunnel.remote_port === 0 ? null : tunnel.remote_port, name, at('remote_port'))
    yield* twice(domains, tunnel.domain, name, at('domain'))
  }
}

function* twice<T>(seen: Map<T, string>, value: T | null, name: string, path: KeyPath): Generator<Problem> {
  if (value === null) return
  const first = seen.get(value)
  if (first !== undefined) yield problem(path, `${String(value)} is that of tunnel ${first} too; give each its own`)
  else seen.set(value, name)
}
