import type { Code } from '../../core/error-codes.js'
import { statusTitle } from '../../core/http-statuses.js'
import {
  CertificateError,
  ConfigError,
  LimitError,
  RefusedError,
  UniRouteError,
  UpstreamError,
} from '../../core/errors.js'
import type { ProblemBody } from '../contract.js'

/** A request that the API itself refuses. */
export class InspectError extends UniRouteError {
  readonly status: number

  constructor(status: number, code: Code, message: string) {
    super(code, message)
    this.status = status
  }
}

const STATUSES: Partial<Record<Code, number>> = {
  UR_AGENT_DRAINING: 503,
  UR_HAR_FILE: 500,
  UR_REPLAY_KIND: 409,
  UR_REPLAY_REQUEST: 422,
  UR_REPLAY_TIMED_OUT: 504,
  UR_REPLAY_TRUNCATED: 409,
  UR_REPLAY_TUNNEL: 422,
  UR_SERVER_AWAY: 503,
  UR_SUITE_NOT_FOUND: 404,
  UR_TUNNEL_EXISTS: 409,
  UR_UPSTREAM_TIMED_OUT: 504,
}

/** What is answered for anything that was thrown; null: a defect. */
export function problemOf(error: unknown): ProblemBody | null {
  if (!(error instanceof UniRouteError)) return null
  return problem(statusOf(error), error.code, error.message)
}

/** What is answered for a defect. */
export const DEFECT: ProblemBody = problem(500, 'UR_INTERNAL', 'Something failed inside the agent; its log says more.')

/** The status of HTTP for an error. */
export function statusOf(error: UniRouteError): number {
  if (error instanceof InspectError) return error.status
  const known = STATUSES[error.code]
  if (known !== undefined) return known
  if (error instanceof UpstreamError) return 502
  if (error instanceof LimitError) return 503
  if (error instanceof ConfigError || error instanceof CertificateError) return 422
  return error instanceof RefusedError ? 409 : 500
}

function problem(status: number, code: Code, detail: string): ProblemBody {
  return { type: 'about:blank', title: statusTitle(status), status, detail, code }
}

/** What fastify itself refuses, as our error. */
export function ofFramework(error: unknown): unknown {
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number }
  if (error instanceof InspectError || statusCode >= 500) return error
  if (statusCode === 413) {
    return new InspectError(413, 'UR_INSPECT_REQUEST', 'The body is too long. What to do: send less.')
  }
  if (statusCode === 415) {
    return new InspectError(415, 'UR_INSPECT_CONTENT_TYPE', 'What to do: send `Content-Type: application/json`.')
  }
  if (code.startsWith('FST_ERR_CTP') || error instanceof SyntaxError) {
    return new InspectError(400, 'UR_INSPECT_REQUEST', 'The body is not valid JSON. What to do: send a JSON object.')
  }
  return new InspectError(400, 'UR_INSPECT_REQUEST', 'The request is not valid.')
}
