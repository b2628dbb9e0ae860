import type { UniRouteError } from '../core/errors.js'
import type { AgentSession } from './agent-session.js'
import { factsOf } from './bind-rights.js'
import type { Tunnel } from './tunnel.js'

/**
 * Takes from the sessions of one token, whose rights changed, what it may not have any more: tunnels, the newest first
 * where there are too many, and sessions likewise, those first whose agents are away. Everything else goes on, at the
 * bandwidth that it may have now.
 */
export function enforceRights(sessions: readonly AgentSession[]): void {
  const kept = endSessions(sessions)
  const lost = new Map<Tunnel, UniRouteError>()
  const allowed: Tunnel[] = []
  for (const tunnel of kept.flatMap((session) => [...session.tunnels.values()])) {
    const problem = tunnel.session.rights.problemOf(factsOf(tunnel))
    if (problem === null) allowed.push(tunnel)
    else lost.set(tunnel, problem)
  }
  allowed.sort((a, b) => a.id - b.id)
  for (const [i, tunnel] of allowed.entries()) {
    const problem = tunnel.session.rights.tunnelProblem(i + 1)
    if (problem !== null) lost.set(tunnel, problem)
  }
  for (const session of kept) {
    loseTunnels(session, lost)
    session.pace()
  }
}

/** Ends those that are too many. Gives the others. */
function endSessions(sessions: readonly AgentSession[]): AgentSession[] {
  const ranked = [...sessions].sort((a, b) => Number(a.wire.held) - Number(b.wire.held) || a.openedAt - b.openedAt)
  return ranked.filter((session, i) => {
    const problem = session.rights.sessionProblem(i + 1)
    if (problem !== null) session.refuse(problem)
    return problem === null
  })
}

function loseTunnels(session: AgentSession, lost: ReadonlyMap<Tunnel, UniRouteError>): void {
  const own = [...lost].filter(([tunnel]) => tunnel.session === session)
  if (own.length === 0) return
  const names = own.map(([tunnel]) => `"${tunnel.name}" (${tunnel.publicUrl})`).join(', ')
  session.notify('UR_RIGHTS_CHANGED', `The operator changed what this token may do. Ended: ${names}.`)
  for (const [tunnel, problem] of own) session.loseTunnel(tunnel, problem)
}
