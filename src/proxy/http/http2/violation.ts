import { ErrorCode, HpackError } from '../../../http2/index.js'

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

/** With which code an error ends the connection. */
export function endingCode(error: unknown): number {
  if (error instanceof ConnectionViolation) return error.code
  return error instanceof HpackError ? ErrorCode.COMPRESSION_ERROR : ErrorCode.INTERNAL_ERROR
}
