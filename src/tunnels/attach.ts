import type { Socket } from 'node:net'
import { LimitError, RefusedError } from '../core/errors.js'
import type { Attach, IncomingCarrier } from '../protocol/index.js'
import type { AgentSession } from './agent-session.js'
import type { AttachReason } from './api.js'

/**
 * Adds a connection to the session that it names. An agent that returns has no other connection, whatever the session
 * still takes for one: of two that return at once the later wins, and the earlier is cut off. Only a return changes the
 * secret: further connections come beside each other, and none may make that of another one worthless.
 * Throws RefusedError UR_SESSION_UNKNOWN; LimitError UR_ATTACH_RATE, UR_CARRIER_LIMIT.
 */
export function attach(
  session: AgentSession | undefined,
  { socket, incoming, attach: asked }: { socket: Socket; incoming: IncomingCarrier; attach: Attach },
): AttachReason {
  const secret = session?.secret.match(asked.secret) ?? null
  // One answer for both, so that an id alone tells nothing.
  if (session === undefined || secret === null) {
    throw new RefusedError(
      'UR_SESSION_UNKNOWN',
      'There is no such session: the server was restarted, or the agent was away for too long.',
    )
  }
  if (!session.mayAttach()) {
    throw new LimitError('UR_ATTACH_RATE', 'Too many connections were attached to this session; try again in a moment.')
  }
  const { wire, identity } = session
  const returned = identity.resumable && asked.returns
  if (!returned && wire.carriers.length >= identity.carriers) {
    throw new LimitError('UR_CARRIER_LIMIT', `A session may have ${identity.carriers} carriers, and has them.`)
  }
  const former = [...wire.carriers]
  const number = wire.nextCarrierNumber
  incoming.welcome({
    sessionId: session.id,
    secret: returned ? session.secret.change(secret) : new Uint8Array(),
    carriersWanted: session.carriersWanted,
    carrier: number,
    resumeTimeoutMs: wire.options.resumeTimeoutMs,
  })
  const carrier = session.addCarrier(socket, incoming.head, number)
  if (!returned) return 'added'
  session.secret.toldOn(carrier)
  for (const other of former) other.lose()
  return 'returned'
}
