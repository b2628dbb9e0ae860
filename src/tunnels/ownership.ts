import { createHash, createHmac } from 'node:crypto'
import { RefusedError } from '../core/errors.js'
import type { AgentSession } from './agent-session.js'
import type { Tunnel } from './tunnel.js'

/** How long a session may take to answer when another of the same token wants its address, ms. */
export const GHOST_PING_MS = 500

/** Held by another session of the same token: that one has to give way. */
export function ownedByOther(holder: Tunnel, session: AgentSession): boolean {
  return holder.session !== session && holder.session.token.id === session.token.id
}

/** Whether `session` is the successor of the holder's: the same agent process again, or its session does not answer. */
export async function isGhost(holder: Tunnel, session: AgentSession): Promise<boolean> {
  if (!ownedByOther(holder, session)) return false
  return holder.session.instanceId === session.instanceId || !(await holder.session.answers(GHOST_PING_MS))
}

/** Who has an address, as the agent that wanted it is told: no more than that it is not free, if it is not his account. */
export function holderText(holder: Tunnel, session: AgentSession): string {
  if (holder.session === session) return `your tunnel "${holder.name}"`
  const { token } = holder.session
  return token.accountId === session.token.accountId ? `the token "${token.name}" of your account` : 'another token'
}

/** Why a tunnel's address is no longer its own. */
export function takenOver(tunnel: Tunnel): RefusedError {
  return new RefusedError(
    'UR_TAKEN_OVER',
    `${tunnel.publicUrl} was taken over by another agent with the same token; stop one of the two, or choose another address.`,
  )
}

/** Why a tunnel must give its address up, though nobody took it over: `reason` is what its account may not have it for. */
export function addressLost(tunnel: Tunnel, reason: RefusedError): RefusedError {
  return new RefusedError('UR_ADDRESS_LOST', `${tunnel.publicUrl} is this tunnel's no more. ${reason.message}`)
}

/** What follows from a token and the name of a tunnel: the same each time. */
export function digest(session: AgentSession, name: string): Buffer {
  return createHash('sha256').update(`${session.token.id}\0${name}`).digest()
}

/**
 * What the host name of a tunnel follows from that asks for none: the same each time for the same token, name of the
 * tunnel and try. The key is the id of the token, 96 random bits that its owner and the operator alone are shown.
 */
export function nameDigest(session: AgentSession, name: string, tried: number): Buffer {
  return createHmac('sha256', session.token.id).update(`host\0${name}\0${tried}`).digest()
}
