import type { Code } from '../../core/error-codes.js'
import { UniRouteError } from '../../core/errors.js'
import { PROBLEMS, problemOf, type Problem } from './problems.js'

/** Failures in which the upstream has seen nothing of the request: whatever it is, it can be sent again. */
const UNSEEN: ReadonlySet<Code> = new Set([
  'UR_AGENT_OFFLINE',
  'UR_AGENT_AWAY',
  'UR_AGENT_DRAINING',
  'UR_AGENT_OVERLOADED',
  'UR_NO_SUCH_TUNNEL',
  'UR_UPSTREAM_REFUSED',
  'UR_UPSTREAM_UNREACHABLE',
  'UR_UPSTREAM_NOT_FOUND',
  'UR_UPSTREAM_TLS',
  'UR_UPSTREAM_TIMED_OUT',
  'UR_WIRE_STREAM_LIMIT',
])

/** Failures that are the same wherever the request goes. */
const FINAL: ReadonlySet<Code> = new Set([
  'UR_HTTP_MALFORMED',
  'UR_HTTP_LOOP',
  'UR_UPSTREAM_NO_UPGRADE',
  'UR_QUOTA_STREAMS',
  'UR_QUOTA_REQUESTS',
  'UR_QUOTA_BYTES',
  'UR_MEMORY_LIMIT',
])

/** Failures of the connection to the upstream, and not of the agent's. */
const UPSTREAM_ABSENT: ReadonlySet<Code> = new Set(['UR_UPSTREAM_REFUSED', 'UR_UPSTREAM_NOT_FOUND'])

/** Failures that say that something is wrong with the upstream; of UR_UPSTREAM_NO_UPGRADE the visitor is the cause. */
const UPSTREAM_FAULTS: ReadonlySet<Code> = new Set([
  ...UPSTREAM_ABSENT,
  'UR_UPSTREAM_UNREACHABLE',
  'UR_UPSTREAM_TIMED_OUT',
  'UR_UPSTREAM_TLS',
  'UR_UPSTREAM_RESET',
  'UR_UPSTREAM_INVALID',
])

/** Ends of an agent's session: to a visitor they are all the same. */
const AGENT_GONE = /^UR_(?:WIRE|RESUME|TAKEN|TUNNEL_CLOSED|SERVER|TOKEN|RIGHTS|ACCOUNT|QUOTA)/

/** What a failure is to a visitor. */
export function codeOf(error: unknown): Code {
  if (!(error instanceof UniRouteError)) return 'UR_INTERNAL'
  const { code } = error
  // The agent resets the stream of an upstream that breaks its connection off.
  if (code === 'UR_WIRE_RESET') return 'UR_UPSTREAM_RESET'
  return !PROBLEMS.has(code) && AGENT_GONE.test(code) ? 'UR_AGENT_GONE' : code
}

/** Whether the upstream has seen nothing of the request. */
export function isUnseen(error: Error): boolean {
  return UNSEEN.has(codeOf(error))
}

/** Whether another try would end in the same way. */
export function isFinal(error: Error): boolean {
  return FINAL.has(codeOf(error))
}

/** Whether there is nobody at the upstream's address: perhaps it is just being restarted. */
export function isUpstreamAbsent(error: Error): boolean {
  return UPSTREAM_ABSENT.has(codeOf(error))
}

/** Whether the upstream failed, and not the agent, the visitor or we. */
export function isUpstreamFault(error: Error): boolean {
  return UPSTREAM_FAULTS.has(codeOf(error))
}

/** What the visitor is told of an error. Our words are for strangers only where they are about the request itself. */
export function failureOf(error: unknown, requestId: string): Problem & { readonly code: Code } {
  const code = codeOf(error)
  const problem = { ...problemOf(code, requestId), code }
  const isAboutRequest = code === 'UR_HTTP_MALFORMED' || code === 'UR_HTTP_METHOD'
  return isAboutRequest ? { ...problem, detail: (error as Error).message } : problem
}
