import { ERROR_CODES, type Code } from '../../core/error-codes.js'
import { UniRouteError } from '../../core/errors.js'

/** How a failure is told to a visitor. */
export interface Failure {
  readonly status: number
  readonly code: Code
  readonly title: string
  readonly detail: string
  readonly advice: string
}

interface Kind {
  readonly status: number
  readonly title: string
}

const AGENT_OFFLINE: Kind = { status: 503, title: 'Agent offline' }
const BUSY: Kind = { status: 503, title: 'Too busy' }
const UPSTREAM_DOWN: Kind = { status: 502, title: 'Upstream refused' }
const UPSTREAM_BROKEN: Kind = { status: 502, title: 'Upstream failed' }
const UPSTREAM_SLOW: Kind = { status: 504, title: 'Upstream timed out' }
const BAD_REQUEST: Kind = { status: 400, title: 'Bad request' }

const KINDS: Partial<Record<Code, Kind>> = {
  UR_HTTP_MALFORMED: BAD_REQUEST,
  UR_HTTP_HEADER_TOO_LONG: { status: 431, title: 'Header section too long' },
  UR_HTTP_METHOD: { status: 405, title: 'Method not allowed' },
  UR_HTTP_MISDIRECTED: { status: 421, title: 'Misdirected request' },
  UR_HTTP_SLOW_VISITOR: { status: 408, title: 'Request timed out' },
  UR_HTTP_HELD_LIMIT: BUSY,
  UR_NO_SUCH_TUNNEL: { status: 404, title: 'No such tunnel' },
  UR_AGENT_OFFLINE: AGENT_OFFLINE,
  UR_AGENT_AWAY: AGENT_OFFLINE,
  UR_AGENT_DRAINING: AGENT_OFFLINE,
  UR_TAKEN_OVER: AGENT_OFFLINE,
  UR_TUNNEL_CLOSED: AGENT_OFFLINE,
  UR_SERVER_DRAINING: AGENT_OFFLINE,
  UR_AGENT_OVERLOADED: BUSY,
  UR_WIRE_STREAM_LIMIT: BUSY,
  UR_UPSTREAM_REFUSED: UPSTREAM_DOWN,
  UR_UPSTREAM_UNREACHABLE: UPSTREAM_DOWN,
  UR_UPSTREAM_NOT_FOUND: UPSTREAM_DOWN,
  UR_UPSTREAM_TLS: UPSTREAM_BROKEN,
  UR_UPSTREAM_CLOSED: UPSTREAM_BROKEN,
  UR_UPSTREAM_RESPONSE: UPSTREAM_BROKEN,
  UR_UPSTREAM_NO_UPGRADE: { status: 501, title: 'Not implemented' },
  UR_UPSTREAM_TIMED_OUT: UPSTREAM_SLOW,
  UR_UPSTREAM_SLOW: UPSTREAM_SLOW,
  UR_STREAM_UNANSWERED: UPSTREAM_SLOW,
  UR_WIRE_RESET: UPSTREAM_BROKEN,
}

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

/** Failures of the connection to the upstream, and not of the agent's. */
const UPSTREAM_ABSENT: ReadonlySet<Code> = new Set(['UR_UPSTREAM_REFUSED', 'UR_UPSTREAM_NOT_FOUND'])

export function codeOf(error: unknown): Code {
  return error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
}

/** Whether the upstream has seen nothing of the request. */
export function isUnseen(error: Error): boolean {
  return UNSEEN.has(codeOf(error))
}

/** Whether there is nobody at the upstream's address: perhaps it is just being restarted. */
export function isUpstreamAbsent(error: Error): boolean {
  return UPSTREAM_ABSENT.has(codeOf(error))
}

/** What the visitor is told of an error. The words of one that is none of ours are not for strangers. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error)
  const kind = KINDS[code] ?? (code === 'UR_INTERNAL' ? { status: 500, title: 'Internal error' } : LOST)
  const detail = error instanceof UniRouteError ? error.message : 'Something failed that should not.'
  return { ...kind, code, detail, advice: ERROR_CODES[code].todo }
}

const LOST: Kind = { status: 502, title: 'Agent lost' }
