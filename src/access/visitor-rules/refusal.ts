import type { Code } from '../../core/error-codes.js'

/** Why a request does not reach the upstream. The code says what the visitor is told. */
export interface Refusal {
  readonly code: Code
  /** For the answer: `retry-after`, `www-authenticate`. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export function refusal(code: Code, headers: Refusal['headers'] = {}): Refusal {
  return { code, headers }
}

/** A refusal that passes: `ms` from now the request may be sent again. */
export function refusalFor(ms: number, code: Code): Refusal {
  return refusal(code, { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) })
}
