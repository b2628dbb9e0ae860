import type { Bind } from '../protocol/index.js'
import type { AgentSession } from './agent-session.js'
import type { TunnelFacts } from './api.js'
import { isGhost, takenOver } from './ownership.js'
import { kindName, type Tunnel } from './tunnel.js'

/** What decides whether a token may have a tunnel. */
export function factsOf({ kind, port, host, http }: Tunnel): TunnelFacts {
  return { kind: kindName(kind), port, host, rules: http?.options.rules ?? null }
}

/** Throws RefusedError UR_RIGHTS_… when the session's token may not have such a tunnel. */
export function checkRights(session: AgentSession, asked: TunnelFacts): void {
  const problem = session.rights.problemOf(asked)
  if (problem !== null) throw problem
}

/** Throws LimitError UR_QUOTA_TUNNELS when the token may not have one more tunnel, though `freed` ones give way. */
export function checkRoom({ rights }: AgentSession, freed: number): void {
  const problem = rights.tunnelProblem(rights.tunnels + 1 - freed)
  if (problem !== null) throw problem
}

/**
 * Frees one tunnel of a session of the same token that does not answer any more, best the one that `bind` asks for: the
 * owner must not be kept out by his own ghost. False: there is none.
 */
export async function freeGhost(session: AgentSession, bind: Bind, sessions: Iterable<AgentSession>): Promise<boolean> {
  const tunnelsOf = await Promise.all(
    [...sessions].map(async (other) => {
      const [first] = other.tunnels.values()
      return first !== undefined && (await isGhost(first, session)) ? [...other.tunnels.values()] : []
    }),
  )
  const tunnels = tunnelsOf.flat()
  const tunnel = tunnels.find(({ name, kind }) => name === bind.name && kind === bind.kind) ?? tunnels.at(-1)
  tunnel?.session.loseTunnel(tunnel, takenOver(tunnel))
  return tunnel !== undefined
}
