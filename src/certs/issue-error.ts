import { ERROR_CODES, type Code } from '../core/error-codes.js'
import { CertificateError } from '../core/errors.js'

/** Codes of failures with an authority. */
export type AcmeCode = Code & `UR_ACME_${string}`

/** A part of what an authority said, for one of the names (RFC 8555 §6.7.1). */
export interface Subproblem {
  /** The host name that it is about; null: it was not told. */
  readonly host: string | null
  /** `urn:ietf:params:acme:error:…`; null: it was not told. */
  readonly problem: string | null
  readonly detail: string
}

/** What is known of a failure. */
export interface IssueFacts {
  /** URL of the authority's directory. */
  readonly directory: string
  readonly host?: string | null
  readonly problem?: string | null
  readonly status?: number | null
  readonly detail?: string | null
  readonly subproblems?: readonly Subproblem[]
  readonly retryAfterMs?: number | null
  readonly cause?: unknown
}

/** A certificate that was not issued, and all that is known of why. */
export class IssueError extends CertificateError {
  declare readonly code: AcmeCode
  /** URL of the authority's directory. */
  readonly directory: string
  /** The name that failed; null: not one of them, or it was not told. */
  readonly host: string | null
  /** What the authority called it: `urn:ietf:params:acme:error:…` (RFC 8555 §6.7); null: it did not say. */
  readonly problem: string | null
  /** The HTTP status; null: there was no answer. */
  readonly status: number | null
  /** What the authority said. */
  readonly detail: string | null
  readonly subproblems: readonly Subproblem[]
  /** The authority wants to be left alone for so long, ms; null: it did not say. */
  readonly retryAfterMs: number | null

  /** `tried` and `cameBack` are parts of a sentence: "a new order for x", "it said no". */
  constructor(code: AcmeCode, tried: string, cameBack: string, facts: IssueFacts) {
    const { directory } = facts
    const todo = ERROR_CODES[code].todo
    super(code, `Asked ${directory} for ${tried}: ${cameBack}. What to do: ${todo}`, { cause: facts.cause })
    this.directory = directory
    this.host = facts.host ?? null
    this.problem = facts.problem ?? null
    this.status = facts.status ?? null
    this.detail = facts.detail ?? null
    this.subproblems = facts.subproblems ?? []
    this.retryAfterMs = facts.retryAfterMs ?? null
  }
}

/** Several authorities were tried, and none issued. */
export class IssueChainError extends IssueError {
  /** What became of each, in the order in which they were tried. */
  readonly failures: readonly IssueError[]

  constructor(names: readonly string[], failures: readonly IssueError[]) {
    const last = failures.at(-1)
    const waits = failures.map(({ retryAfterMs }) => retryAfterMs)
    const told = failures.map((failure, i) => `(${i + 1}) ${failure.message}`).join(' ')
    super('UR_ACME_ALL_FAILED', names.join(', '), `none of ${failures.length} authorities issued it. ${told}`, {
      directory: failures.map(({ directory }) => directory).join(' and '),
      host: last?.host ?? null,
      problem: last?.problem ?? null,
      status: last?.status ?? null,
      detail: last?.detail ?? null,
      // It is worth a try as soon as one of them lets us; who did not say may do so at any time.
      retryAfterMs: waits.some((wait) => wait === null) ? null : Math.min(...waits.map(Number)),
      cause: last,
    })
    this.failures = failures
  }
}
