import { printable } from '../../core/printable.js'
import { IssueError, type AcmeCode, type Subproblem } from '../issue-error.js'
import { problemShape, type Problem } from './messages.js'
import { parseRetryAfter } from './time.js'
import type { Answer } from './transport.js'

const PREFIX = 'urn:ietf:params:acme:error:'
/** Characters of a text from an authority that are shown. */
const MAX_DETAIL = 500

/** RFC 8555 §6.7. */
const CODES: Readonly<Record<string, AcmeCode>> = {
  accountDoesNotExist: 'UR_ACME_ACCOUNT',
  caa: 'UR_ACME_CAA',
  connection: 'UR_ACME_CONNECTION',
  dns: 'UR_ACME_DNS',
  externalAccountRequired: 'UR_ACME_EAB',
  incorrectResponse: 'UR_ACME_UNAUTHORIZED',
  invalidContact: 'UR_ACME_CONTACT',
  rateLimited: 'UR_ACME_RATE_LIMITED',
  rejectedIdentifier: 'UR_ACME_NAME_REFUSED',
  serverInternal: 'UR_ACME_SERVER',
  tls: 'UR_ACME_CONNECTION',
  unsupportedContact: 'UR_ACME_CONTACT',
  unsupportedIdentifier: 'UR_ACME_NAME_REFUSED',
  userActionRequired: 'UR_ACME_TERMS',
}

/** Where a problem came up. */
export interface ProblemContext {
  readonly directory: string
  /** What was asked for, as a part of a sentence. */
  readonly tried: string
  /** The one name that it was about; null: several, or none. */
  readonly host: string | null
  /** Whether it was the proof of that name, and not our account or our request. */
  readonly isProof?: boolean
}

/** Whether an error is a problem of this kind, such as `accountDoesNotExist`. */
export function isProblem(error: unknown, ...kinds: readonly string[]): boolean {
  return error instanceof IssueError && kinds.some((kind) => error.problem === PREFIX + kind)
}

/** The error for an answer that says no. */
export function answerError(answer: Answer, context: ProblemContext, now: Date): IssueError {
  const { status, headers, data } = answer
  const parsed = problemShape.safeParse(data)
  const retryAfterMs = parseRetryAfter(headers['retry-after'], now)
  return problemError(parsed.success ? parsed.data : {}, context, { status, retryAfterMs })
}

/** The error for a problem document, of an answer or in an order or a challenge (RFC 8555 §7.1.6). */
export function problemError(
  problem: Problem,
  context: ProblemContext,
  { status = null, retryAfterMs = null }: { status?: number | null; retryAfterMs?: number | null } = {},
): IssueError {
  const subproblems = (problem.subproblems ?? []).map(({ type, detail, identifier }): Subproblem => ({
    host: identifier === undefined ? null : clean(identifier.value),
    problem: type === undefined ? null : clean(type),
    detail: clean(detail ?? ''),
  }))
  const type = problem.type === undefined ? null : clean(problem.type)
  const detail = problem.detail === undefined ? null : clean(problem.detail)
  const host = context.host ?? subproblems.find((each) => each.host !== null)?.host ?? null
  const kind = type?.startsWith(PREFIX) === true ? type.slice(PREFIX.length) : type
  const said = [
    `it said ${[kind, detail].filter((part) => part !== null).join(': ') || 'no'}`,
    ...(status === null ? [] : [` (HTTP ${status})`]),
    ...subproblems.map((each) => `; ${each.host ?? 'one name'}: ${each.detail}`),
    ...(retryAfterMs === null ? [] : [`; it wants to be left alone for ${Math.ceil(retryAfterMs / 1000)} s`]),
  ].join('')
  return new IssueError(codeOf(kind, status, context.isProof === true), context.tried, said.replace(/\.$/, ''), {
    directory: context.directory,
    host,
    problem: type,
    status,
    detail,
    subproblems,
    retryAfterMs,
  })
}

function codeOf(kind: string | null, status: number | null, isProof: boolean): AcmeCode {
  if (kind === 'unauthorized') return isProof ? 'UR_ACME_UNAUTHORIZED' : 'UR_ACME_ACCOUNT'
  const known = kind === null ? undefined : CODES[kind]
  if (known !== undefined) return known
  if (status === 429) return 'UR_ACME_RATE_LIMITED'
  return status !== null && status >= 500 ? 'UR_ACME_SERVER' : 'UR_ACME_REFUSED'
}

function clean(text: string): string {
  return printable(text).slice(0, MAX_DETAIL)
}
