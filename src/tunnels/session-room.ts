import { RefusedError } from '../core/errors.js'
import type { AgentSession } from './agent-session.js'
import type { TokenRights } from './api.js'
import { GHOST_PING_MS } from './ownership.js'

/**
 * Resolves when a token may have one session more. Where it has all that it may, one that does not answer any more ends
 * for it: the owner must not be kept out by his own ghost. Throws LimitError UR_QUOTA_SESSIONS.
 */
export async function makeRoom(rights: TokenRights, sessionsOf: () => readonly AgentSession[]): Promise<void> {
  for (;;) {
    const sessions = sessionsOf().filter(({ closed }) => !closed)
    const problem = rights.sessionProblem(sessions.length + 1)
    if (problem === null) return
    const answers = await Promise.all(sessions.map((session) => session.answers(GHOST_PING_MS)))
    const gone = sessions.filter((session, i) => session.closed || answers[i] === false)
    if (gone.length === 0) throw problem
    const reason = 'Another agent of the same token came while this one did not answer, and the token may have no more.'
    gone.find(({ closed }) => !closed)?.wire.destroy(new RefusedError('UR_TAKEN_OVER', reason))
  }
}
