import type { TLSSocket } from 'node:tls'
import { agentHandshake, PROTOCOL_VERSION } from '../protocol/index.js'
import type { AttachedCarrier, Link } from './link.js'

/** Says Attach for the session of `link`; `returns`: it has no other connection. Throws as `agentHandshake`. */
export async function attach(
  link: Link,
  socket: TLSSocket,
  { returns, signal }: { returns: boolean; signal: AbortSignal },
): Promise<AttachedCarrier> {
  const preface = { sessionId: link.welcome.sessionId, secret: link.secret, protocol: PROTOCOL_VERSION, returns }
  const { welcome, head } = await agentHandshake(socket, { attach: preface }, { signal })
  return { socket, welcome, head }
}
