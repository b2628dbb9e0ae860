import { ERROR_CODES, type Code } from '../core/error-codes.js'
import { RefusedError, UniRouteError } from '../core/errors.js'
import type { Refused, RefusedInit } from './messages.js'
import { shortText } from './short-text.js'

/** The longest wait that a server can ask for, in ms: an agent must not be silenced for days, and timers have a limit. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** Whether `code` is one that this version knows. */
export function isKnownCode(code: string): code is Code {
  return Object.hasOwn(ERROR_CODES, code)
}

/** A `Refused` of the server, as the agent's error. `code` is UR_REFUSED when the server is newer and used another. */
export class ServerRefusal extends RefusedError {
  /** The code as the server sent it. */
  readonly sentCode: string
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  /** How long the server asks to wait before that, in ms, at most an hour; 0 = it did not say. */
  readonly retryAfterMs: number
  /** With UR_PROTOCOL_VERSION: what the server speaks. */
  readonly protocols: readonly number[]

  constructor(refused: Refused) {
    const known = isKnownCode(refused.code)
    const text = refused.message || 'The server refused and gave no reason.'
    super(known ? (refused.code as Code) : 'UR_REFUSED', known ? text : `${text} (${refused.code || 'no code'})`)
    this.sentCode = refused.code
    this.retryable = refused.retryable
    this.retryAfterMs = Math.min(refused.retryAfterMs, MAX_RETRY_AFTER_MS)
    this.protocols = refused.protocols
  }
}

/** What else a `Refused` can say beside code and message. */
export type RefusedDetails = Omit<RefusedInit, 'code' | 'message'>

/**
 * The `Refused` that tells a peer of `error`. Only UniRouteErrors speak to peers: anything else is a fault of ours,
 * told as UR_INTERNAL without its text, and retryable.
 */
export function refusedOf(error: unknown, details: RefusedDetails = {}): RefusedInit {
  if (error instanceof UniRouteError) return { code: error.code, message: shortText(error.message), ...details }
  return {
    code: 'UR_INTERNAL',
    message: 'The server failed while it answered; its log says why. Try again.',
    retryable: true,
    ...details,
  }
}
