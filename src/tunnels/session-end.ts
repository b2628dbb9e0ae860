import { UniRouteError } from '../core/errors.js'
import type { Code } from '../core/error-codes.js'
import type { LogFields } from '../core/logger.js'
import { wasCut } from '../wire/index.js'
import { clip } from './clip.js'

/** Who said before the end that the session would: its agent, or the server. */
export type Leaving = 'UR_AGENT_DRAINING' | 'UR_SERVER_DRAINING'

const LEAVING: Readonly<Record<Leaving, string>> = {
  UR_AGENT_DRAINING: 'The agent left.',
  UR_SERVER_DRAINING: 'The server is stopping.',
}

/** Why a session ended, for programs and for the log. */
export interface SessionEnd {
  readonly why: Code
  readonly fields: LogFields
}

/**
 * Who says that he leaves, and whose connections are then closed without a fault, was not lost.
 * `error`: what ended the session.
 */
export function sessionEnd(error: Error | null, leaving: Leaving | null): SessionEnd {
  if (leaving !== null && !wasCut(error)) return { why: leaving, fields: { reason: LEAVING[leaving] } }
  const code = error instanceof UniRouteError ? error.code : 'UR_WIRE_CARRIER_LOST'
  const reason = clip(error?.message ?? 'the agent closed its connections without a word')
  return { why: code, fields: { code, reason } }
}
