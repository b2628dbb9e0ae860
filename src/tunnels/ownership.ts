import { createHash } from 'node:crypto'
import { RefusedError } from '../core/errors.js'
import type { AgentSession } from './agent-session.js'
import type { Tunnel } from './tunnel.js'

/** Held by another session of the same token: that one has to give way. */
export function ownedByOther(holder: Tunnel, session: AgentSession): boolean {
  return holder.session !== session && holder.session.token.id === session.token.id
}

/** Who has an address, as the agent that wanted it is told. */
export function holderText(holder: Tunnel, session: AgentSession): string {
  return holder.session === session ? `your tunnel "${holder.name}"` : 'another token'
}

/** Why a tunnel's address is no longer its own. */
export function takenOver(tunnel: Tunnel): RefusedError {
  return new RefusedError(
    'UR_TAKEN_OVER',
    `${tunnel.publicUrl} was taken over by another agent with the same token; stop one of the two, or choose another address.`,
  )
}

/** What follows from a token and the name of a tunnel: the same each time. */
export function digest(session: AgentSession, name: string): Buffer {
  return createHash('sha256').update(`${session.token.id}\0${name}`).digest()
}
