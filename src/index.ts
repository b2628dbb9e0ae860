/** UniRoute as a library: an agent inside your own program. */
export { Agent } from './agent/index.js'
export type {
  AgentEvents,
  AgentOptions,
  AgentState,
  AgentStatus,
  ConnectionEnd,
  ConnectionInfo,
  SessionInfo,
  TunnelSpec,
  TunnelStatus,
  UpstreamTls,
} from './agent/index.js'
export { formatUpstream, type HostPort, readUpstream, type Upstream } from './config/index.js'
export { ERROR_CODES, type Code, type ErrorCodeEntry } from './core/error-codes.js'
export * from './core/errors.js'
export type { LogFields, Logger } from './core/logger.js'
export { Secret } from './core/secret.js'
export { VERSION } from './core/version.js'
