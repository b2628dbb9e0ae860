import type { ServerConfig } from '../config/index.js'
import type { IngressLimits } from '../ingress/index.js'
import type { HttpLimits } from '../proxy/http/index.js'
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
    addressConnections: limits.connections_per_address,
    addressRate: limits.connection_rate_per_address,
    pendingConnections: limits.pending_connections,
    helloTimeoutMs: limits.hello_timeout,
    helloBytes: limits.hello_bytes,
  }
}

/** `limits.*` as `http` tunnels want them. */
export function httpLimits({ limits }: ServerConfig): HttpLimits {
  return {
    headerBytes: limits.http_header_bytes,
    headerTimeoutMs: limits.http_header_timeout,
    bodyTimeoutMs: limits.http_body_timeout,
    keepAliveMs: limits.http_idle_timeout,
    responseTimeoutMs: limits.http_response_timeout,
    concurrentStreams: limits.http2_streams,
    resetRate: limits.http2_reset_rate,
    heldRequests: limits.held_requests,
    heldRequestBytes: limits.held_request_bytes,
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
