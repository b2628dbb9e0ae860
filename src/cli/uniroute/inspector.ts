import path from 'node:path'
import type { AgentStatus } from '../../agent/index.js'
import { type AgentConfig, defaultAgentFile } from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { isFieldName } from '../../core/http-fields.js'
import { parseJsonPath } from '../../core/json-path.js'
import type { Logger } from '../../core/logger.js'
import { printable } from '../../core/printable.js'
import type { InspectedTunnel, Inspector, InspectorSettings, TunnelControl } from '../../inspector/index.js'
import type { ConnectionFlags } from './connection-flags.js'
import type { TunnelPlan } from './tunnel-plan.js'

/** What an inspector needs of its process. */
export interface InspectorSurroundings {
  status(): AgentStatus
  readonly control: TunnelControl
  readonly log: Logger
}

/** The inspector of an agent; null: it is off. Throws ConfigError(UR_USAGE). */
export async function inspectorOf(
  config: AgentConfig,
  flags: ConnectionFlags,
  plans: readonly TunnelPlan[],
  { status, control, log }: InspectorSurroundings,
): Promise<Inspector | null> {
  const settings = settingsOf(config, flags, plans)
  if (!config.inspect.enabled || !plans.some(({ inspect }) => inspect)) return null
  const { checkProtos, Inspector } = await import('../../inspector/index.js')
  if (settings.protos.length > 0) await checkProtos(settings.protos)
  return new Inspector(settings, status, control, log)
}

/** What is to be said of an address of the inspector that is not of this machine alone; null: nothing. */
export function addressWarning({ inspect: { enabled, addr } }: Pick<AgentConfig, 'inspect'>): string | null {
  const host = addr.host ?? '127.0.0.1'
  if (!enabled || /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host)) return null
  return `the inspector listens on ${printable(host)}: whoever reaches it sees the requests, can have this machine send others, and can open tunnels to what it reaches, without a password; leave --inspect-addr (inspect.addr) out, or keep others away from it`
}

function settingsOf(
  { inspect }: AgentConfig,
  { inspectRedact = [], inspectAllowHost = [], proto = [] }: ConnectionFlags,
  plans: readonly TunnelPlan[],
): InspectorSettings {
  const { addr, memory, body, reveal, store, redact, allow_hosts: allowHosts, protos } = inspect
  for (const name of inspectRedact) checkRedacted(name)
  return {
    host: addr.host ?? '127.0.0.1',
    port: addr.port,
    memoryBytes: memory,
    bodyLimit: body,
    redactHeaders: [...redact.headers, ...inspectRedact.filter((name) => !isPath(name))],
    redactJsonPaths: [...redact.json_paths, ...inspectRedact.filter(isPath)],
    reveal,
    store,
    suites: path.join(path.dirname(defaultAgentFile(process.env)), 'suites'),
    allowHosts: [...allowHosts, ...inspectAllowHost],
    protos: [...protos, ...proto.map((file) => path.resolve(file))],
    tunnels: plans.map(inspectedOf),
  }
}

function isPath(name: string): boolean {
  return name.startsWith('$')
}

function checkRedacted(name: string): void {
  if (isPath(name) ? parseJsonPath(name) !== null : isFieldName(name)) return
  throw new ConfigError(
    'UR_USAGE',
    `--inspect-redact ${name} is not allowed; write the name of a header field, or a path in JSON such as $.user.pin`,
  )
}

/** A tunnel as the inspector takes it. */
export function inspectedOf({ name, kind, upstream, upstreamCa, http, inspect }: TunnelPlan): InspectedTunnel {
  const protocol = http?.upstreamProtocol
  return {
    name,
    kind,
    upstream,
    ...(upstreamCa === null ? {} : { upstreamTls: { caFile: upstreamCa } }),
    ...(protocol !== undefined && { http: { upstreamProtocol: protocol } }),
    inspected: inspect,
  }
}
