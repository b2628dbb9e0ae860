import { answerForm, type AnswerForm } from './accept.js'
import { htmlPage, PAGE_POLICY } from './error-page-html.js'
import type { Problem } from './problems.js'

/** An answer of our own, whole. */
export interface ErrorPage {
  /** Names are in lower case. `content-length` is among them. */
  readonly headers: Record<string, string>
  /** What HEAD leaves out. */
  readonly body: Buffer
}

const TYPES: Readonly<Record<AnswerForm, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/problem+json',
  text: 'text/plain; charset=utf-8',
}

const WRITERS: Readonly<Record<AnswerForm, (problem: Problem) => string>> = {
  html: htmlPage,
  json: problemJson,
  text: plainText,
}

/**
 * A problem as its visitor gets it: a page, JSON (RFC 9457) or text, as his `Accept` has it. Never stored. Error code
 * and request id are in fields of their own as well, for programs. `extraHeaders` win over ours: `Retry-After`,
 * `WWW-Authenticate`.
 */
export function errorPage(
  problem: Problem,
  accept: string | undefined,
  extraHeaders: Readonly<Record<string, string>> = {},
): ErrorPage {
  const form = answerForm(accept)
  const body = Buffer.from(WRITERS[form](problem))
  const headers: Record<string, string> = {
    'content-type': TYPES[form],
    'content-length': String(body.length),
    'cache-control': 'no-store',
    'content-security-policy': PAGE_POLICY,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-request-id': problem.requestId,
    'x-uniroute-error': problem.code,
  }
  for (const [name, value] of Object.entries(extraHeaders)) headers[name.toLowerCase()] = value
  return { headers, body }
}

function problemJson({ status, code, title, detail, advice, requestId }: Problem): string {
  const type = `urn:uniroute:error:${code}`
  return `${JSON.stringify({ type, title, status, detail, code, advice, request_id: requestId })}\n`
}

function plainText({ status, code, title, detail, advice, requestId }: Problem): string {
  return `${status} ${title} (${code})\n\n${detail}\n${advice}\n\nRequest ${requestId}\n`
}
