import { LimitError, NetworkError } from '../core/errors.js'
import { WireViolation } from './violation.js'

/** What the streams of a carrier get when it is gone. */
export function lost(cause: Error | null): Error {
  if (cause instanceof WireViolation || cause instanceof NetworkError) return cause
  const why = cause === null ? 'the other side closed it' : cause.message
  return new NetworkError('UR_WIRE_CARRIER_LOST', `the connection between agent and server was lost: ${why}`, { cause })
}

/** Whether a session or carrier that ended with `error` was cut off, rather than closed by either side in good order. */
export function wasCut(error: Error | null): boolean {
  if (error === null) return false
  return !(error instanceof NetworkError && error.code === 'UR_WIRE_CARRIER_LOST' && error.cause === null)
}

/** What a session gets when a carrier is lost that cannot be replaced. */
export function notKept(cause: Error | null): NetworkError {
  const message =
    'a connection was lost, and more was under way on it than is kept to be sent again (limits.session_resend_budget, limits.process_resend_budget)'
  return new NetworkError('UR_RESUME_BUDGET', message, { cause })
}

/** What whoever opens a stream gets from a session that has as many as it may. */
export function streamLimit(limit: number): LimitError {
  return new LimitError(
    'UR_WIRE_STREAM_LIMIT',
    `tried to open a stream, but the session has all of its ${limit} streams open; close some or raise limits.streams_per_session`,
  )
}
