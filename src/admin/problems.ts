import { ConfigError, LimitError, NetworkError, RefusedError, StoreError, UniRouteError } from '../core/errors.js'
import type { Code } from '../core/error-codes.js'
import { statusTitle } from '../core/http-statuses.js'
import type { Problem } from './schemas.js'

/** An error of the API: what is answered, as `application/problem+json` (RFC 9457). */
export interface Answer {
  readonly status: number
  readonly problem: Problem
  /** Seconds, for the field Retry-After. */
  readonly retryAfter?: number
}

/** A request that the API itself refuses. */
export class AdminError extends UniRouteError {
  readonly status: number
  readonly fields: Problem['errors']
  /** ms; null: trying again does not help. */
  readonly retryAfterMs: number | null

  constructor(
    status: number,
    code: Code,
    message: string,
    { fields, retryAfterMs = null }: { fields?: Problem['errors']; retryAfterMs?: number | null } = {},
  ) {
    super(code, message)
    this.status = status
    this.fields = fields
    this.retryAfterMs = retryAfterMs
  }
}

/** The field that a ConfigError of an operation is about. */
const FIELDS: Partial<Record<Code, string>> = {
  UR_ACCOUNT_NAME_INVALID: 'name',
  UR_TOKEN_NAME_INVALID: 'name',
  UR_NAME_INVALID: 'value',
  UR_RESERVATION_INVALID: 'value',
  UR_ADMIN_CURSOR: 'cursor',
  UR_RIGHTS_INVALID: 'rights',
  UR_AGENT_CERT_KEY: 'public_key',
}

const NOT_FOUND: readonly Code[] = [
  'UR_ACCOUNT_NOT_FOUND',
  'UR_TOKEN_NOT_FOUND',
  'UR_RESERVATION_NOT_FOUND',
  'UR_AGENT_CERT_NOT_FOUND',
]

/** Seconds after which a database that failed is worth another try. */
const STORE_RETRY = 2
/** The same for a limit that does not say when. */
const LIMIT_RETRY = 60

/** What is answered for anything that was thrown; null: a defect, of which no more is told than that it is one. */
export function answerTo(error: unknown): Answer | null {
  if (error instanceof AdminError) {
    const { status, fields, retryAfterMs } = error
    const retry = retryAfterMs === null ? {} : { retryAfter: Math.ceil(retryAfterMs / 1000) }
    return { ...answer(error, status, retryAfterMs !== null, fields), ...retry }
  }
  if (error instanceof StoreError || error instanceof NetworkError) {
    return { ...answer(error, 503, true), retryAfter: STORE_RETRY }
  }
  if (error instanceof LimitError) {
    const { retryAfterMs } = error
    return {
      ...answer(error, 429, true),
      retryAfter: retryAfterMs === null ? LIMIT_RETRY : Math.ceil(retryAfterMs / 1000),
    }
  }
  if (error instanceof ConfigError) {
    const field = FIELDS[error.code]
    return answer(error, 422, false, field === undefined ? undefined : [{ field, message: error.message }])
  }
  if (error instanceof RefusedError) return answer(error, NOT_FOUND.includes(error.code) ? 404 : 409, false)
  return null
}

/** What is answered for a defect. */
export const DEFECT: Answer = {
  status: 500,
  problem: {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    code: 'UR_INTERNAL',
    detail: 'Something failed inside the server; its log says more.',
    retryable: false,
  },
}

function answer(
  { code, message: detail }: UniRouteError,
  status: number,
  retryable: boolean,
  errors?: Problem['errors'],
): Answer {
  const title = statusTitle(status)
  const problem = { type: 'about:blank', title, status, code, detail, retryable }
  return { status, problem: errors === undefined ? problem : { ...problem, errors } }
}
