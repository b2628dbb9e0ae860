import type { Code } from '../../../core/error-codes.js'
import { ErrorCode, HpackError } from '../../../http2/index.js'
import { codeOf } from '../problem.js'

/** What a visitor sent ends the whole connection, with an error code of RFC 9113 §7. */
export class ConnectionViolation extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** He keeps us busy with what serves no request. */
export function flood(why: string): ConnectionViolation {
  return new ConnectionViolation(ErrorCode.ENHANCE_YOUR_CALM, why)
}

/** With which code of RFC 9113 §7 an error ends the connection, and under which of ours it is counted. */
export function endingOf(error: unknown): { readonly code: number; readonly reason: Code } {
  if (error instanceof HpackError) return { code: ErrorCode.COMPRESSION_ERROR, reason: 'UR_HTTP_MALFORMED' }
  if (!(error instanceof ConnectionViolation)) return { code: ErrorCode.INTERNAL_ERROR, reason: codeOf(error) }
  const { code } = error
  return { code, reason: code === ErrorCode.ENHANCE_YOUR_CALM ? 'UR_HTTP_FLOOD' : 'UR_HTTP_MALFORMED' }
}
