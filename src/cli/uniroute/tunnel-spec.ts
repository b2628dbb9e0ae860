import type { TunnelSpec } from '../../agent/index.js'
import type { TunnelPlan } from './tunnel-plan.js'

/** A tunnel as the agent takes it. */
export function specOf(plan: TunnelPlan): TunnelSpec {
  const { name, kind, upstream, upstreamCa, remotePort, domain, subdomain, http, terminate, proxyProtocol, holdMs } =
    plan
  return {
    name,
    kind,
    upstream,
    remotePort,
    ...(upstreamCa === null ? {} : { upstreamTls: { caFile: upstreamCa } }),
    ...(domain === null ? {} : { domain }),
    ...(subdomain === null ? {} : { subdomain }),
    ...(http === null ? {} : { http }),
    ...(terminate === null ? {} : { terminate }),
    ...(proxyProtocol === null ? {} : { proxyProtocol }),
    ...(holdMs === null ? {} : { holdMs }),
  }
}
