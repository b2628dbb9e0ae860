import { randomUUID } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { HostPort } from '../config/index.js'
import type { Secret } from '../core/secret.js'
import { agentHandshake } from '../protocol/index.js'
import { Session } from '../wire/index.js'
import { ServerDialer } from './dial-server.js'
import { helloOf } from './hello.js'

export interface LoginOptions {
  readonly server: HostPort
  readonly token: Secret
  readonly caFile?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

const TIMEOUT_MS = 15_000
/** How long the server may take to hear that we leave, ms. */
const CLOSE_MS = 1_000

/**
 * Logs in to the server and leaves again: whether the token is good. Gives the server's version.
 * Throws RefusedError with the server's reason, and what dialling throws.
 */
export async function tryLogin({ server, token, caFile, env }: LoginOptions): Promise<{ serverVersion: string }> {
  const dialer = new ServerDialer({ caFile, env, timeoutMs: TIMEOUT_MS })
  const socket = await dialer.dial(server)
  try {
    const hello = helloOf({ server, token, tunnels: [] }, randomUUID())
    const { welcome, head, capabilities } = await agentHandshake(socket, { hello }, { timeoutMs: TIMEOUT_MS })
    await leave(socket, head, capabilities.includes('resume'))
    return { serverVersion: welcome.serverVersion }
  } finally {
    socket.destroy()
  }
}

/** Ends the session in good order: the server would hold one that is only lost for a return. */
function leave(socket: TLSSocket, head: Buffer, resumable: boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CLOSE_MS)
    const onClose = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const session = new Session('client', { resumable }, { onStream: (stream) => stream.reset(), onClose })
    session.addCarrier(socket, head)
    session.close()
  })
}
