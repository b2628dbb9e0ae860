import { ERROR_CODES, type Code } from './error-codes.js'

/**
 * Base of every failure that a user can cause or meet.
 * `message` says what was tried, what came back and what to do; `code` is stable and stands in docs/errors.md.
 */
export class UniRouteError extends Error {
  readonly code: Code

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }

  /** Exit code of a command that ends with this error: 1 failed, 2 usage or config, 3 refused, 4 unreachable. */
  get exitCode(): 1 | 2 | 3 | 4 {
    return ERROR_CODES[this.code].exit
  }
}

/** Wrong configuration or command line. */
export class ConfigError extends UniRouteError {}
/** The other side of a connection broke the rules of a protocol that we parse. */
export class ProtocolError extends UniRouteError {}
/** A connection could not be made, or was lost. */
export class NetworkError extends UniRouteError {}
/** The server (or the agent) understood and said no. */
export class RefusedError extends UniRouteError {}
/** The agent could not reach the upstream. */
export class UpstreamError extends UniRouteError {}
/** The database failed. */
export class StoreError extends UniRouteError {}
/** A certificate or key is missing, wrong or not trusted. */
export class CertificateError extends UniRouteError {}
/** A bound was reached: sessions, streams, memory, descriptors. */
export class LimitError extends UniRouteError {
  /** After how long there may be room again, ms; null: nobody knows. */
  readonly retryAfterMs: number | null

  constructor(code: Code, message: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(code, message, options)
    this.retryAfterMs = options?.retryAfterMs ?? null
  }
}
