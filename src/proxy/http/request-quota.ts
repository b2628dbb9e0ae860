import { type Refusal, refusalFor } from '../../access/visitor-rules/index.js'
import { LimitError } from '../../core/errors.js'
import type { StreamOpener } from './target.js'

/** One request, the room that there is for it, and what the token of its tunnel may have: it counts once, whichever agents it is tried with. */
export class RequestQuota {
  #taken = false

  /** Why the request may not go to an agent of that session; null: it may. */
  take({ rights, full }: StreamOpener): Refusal | null {
    if (this.#taken) return null
    const problem = full ?? rights.takeRequest()
    if (problem !== null) return { code: problem.code, headers: retryFields(problem) }
    this.#taken = true
    return null
  }
}

/** When a visitor may try again, where an error says so. */
export function retryFields(error: unknown): Refusal['headers'] {
  if (!(error instanceof LimitError) || error.retryAfterMs === null) return {}
  return refusalFor(error.retryAfterMs, error.code).headers
}
