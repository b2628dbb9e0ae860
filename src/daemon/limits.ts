import type { ServerConfig } from '../config/index.js'
import type { IngressLimits } from '../ingress/index.js'
import { DEFAULT_TUNNEL_LIMITS, type TunnelLimits } from '../tunnels/index.js'
import { WindowBudget, type SessionOptions } from '../wire/index.js'

/** `limits.*` as the tunnels want them. */
export function tunnelLimits({ limits }: ServerConfig): TunnelLimits {
  return {
    ...DEFAULT_TUNNEL_LIMITS,
    sessions: limits.sessions,
    tunnelsPerSession: limits.tunnels_per_session,
    streamsPerSession: limits.streams_per_session,
    carriersPerSession: limits.carriers_per_session,
    helloTimeoutMs: limits.hello_timeout,
  }
}

/** `limits.*` as the public listeners want them. */
export function ingressLimits({ limits }: ServerConfig): IngressLimits {
  return {
    connections: limits.connections,
    pendingConnections: limits.pending_connections,
    helloTimeoutMs: limits.hello_timeout,
    helloBytes: limits.hello_bytes,
  }
}

/** `limits.*` as the wire of one new session wants them; its windows count against the process's budget too. */
export function wireLimits({ limits }: ServerConfig, process: WindowBudget): Partial<SessionOptions> {
  return {
    windowMax: limits.window_max,
    windowBudget: new WindowBudget(limits.session_window_budget, process),
    streamQueue: limits.stream_queue,
    controlRate: limits.control_rate,
  }
}
