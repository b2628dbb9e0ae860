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
    heldConnections: limits.held_connections,
    heldBytes: limits.held_bytes,
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

/** Budgets of the process, in which those of the sessions lie. */
export interface ProcessBudgets {
  readonly window: WindowBudget
  readonly resend: WindowBudget
}

/** The process's budgets, from `limits.*`. */
export function processBudgets({ limits }: ServerConfig): ProcessBudgets {
  return {
    window: new WindowBudget(limits.process_window_budget),
    resend: new WindowBudget(limits.process_resend_budget),
  }
}

/** `limits.*` as the wire of one new session wants them; its windows count against the process's budget too. */
export function wireLimits({ limits }: ServerConfig, process: ProcessBudgets): Partial<SessionOptions> {
  return {
    windowMax: limits.window_max,
    windowBudget: new WindowBudget(limits.session_window_budget, process.window),
    resendBudget: new WindowBudget(limits.session_resend_budget, process.resend),
    resumeTimeoutMs: limits.resume_timeout,
    streamQueue: limits.stream_queue,
    controlRate: limits.control_rate,
  }
}
