import type { Exchange } from './api.js'
import { errorPage } from './error-page.js'
import { valueOf } from './fields.js'
import type { Problem } from './problems.js'

/** What a client may wait before it tries again, when nobody knows better, s. */
const RETRY_AFTER = '5'

/** Answers with a page of our own. `extra` wins over its fields: `retry-after`, `www-authenticate`. */
export function answerProblem(
  exchange: Exchange,
  problem: Problem,
  extra: Readonly<Record<string, string>> = {},
): void {
  const { head } = exchange
  const { status } = problem
  const fields = {
    ...(status === 503 && { 'retry-after': RETRY_AFTER }),
    ...(status === 405 && { allow: 'GET' }),
    ...extra,
  }
  // The next request is to come over a connection that shows what is asked for now.
  if (problem.code === 'UR_VISITOR_CERT_AGAIN') exchange.leave()
  const page = errorPage(problem, valueOf(head.headers, 'accept'), fields)
  const isWhole = head.method === 'HEAD'
  exchange.respond(status, Object.entries(page.headers).flat(), '', isWhole ? 'none' : page.body.length)
  if (!isWhole) exchange.write(page.body)
  exchange.end([])
}

/** Sends the visitor to the same place by TLS, with the method that he used (RFC 9110 §15.4.9). */
export function answerRedirect(exchange: Exchange, location: string, requestId: string): void {
  exchange.respond(308, ['Location', location, 'Content-Length', '0', 'X-Request-Id', requestId], '', 'none')
  exchange.end([])
}
