import { randomUUID } from 'node:crypto'
import type { HostPort } from '../config/index.js'
import type { Secret } from '../core/secret.js'
import { agentHandshake } from '../protocol/index.js'
import { ServerDialer } from './dial-server.js'
import { helloOf } from './hello.js'

export interface LoginOptions {
  readonly server: HostPort
  readonly token: Secret
  readonly caFile?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

const TIMEOUT_MS = 15_000

/**
 * Logs in to the server and leaves again: whether the token is good. Gives the server's version.
 * Throws RefusedError with the server's reason, and what dialling throws.
 */
export async function tryLogin({ server, token, caFile, env }: LoginOptions): Promise<{ serverVersion: string }> {
  const dialer = new ServerDialer({ caFile, env, timeoutMs: TIMEOUT_MS })
  const socket = await dialer.dial(server)
  try {
    const hello = helloOf({ server, token, tunnels: [] }, randomUUID())
    const { welcome } = await agentHandshake(socket, { hello }, { timeoutMs: TIMEOUT_MS })
    return { serverVersion: welcome.serverVersion }
  } finally {
    socket.destroy()
  }
}
