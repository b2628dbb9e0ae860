import type { Socket } from 'node:net'
import type { Logger } from '../core/logger.js'
import { UniRouteError } from '../core/errors.js'
import type { Tunnel, Visitor } from '../tunnels/index.js'
import { resetSocket, Splice, type SpliceResult } from './splice.js'

/**
 * Joins a visitor's socket with a new stream of the tunnel. `first`: what was read from the socket already.
 * `onClose` is called exactly once, when the visitor is gone. When no stream can be opened, the socket is reset.
 */
export function serveVisitor(
  tunnel: Tunnel,
  socket: Socket,
  visitor: Visitor,
  first: Buffer | null,
  log: Logger,
  onClose: (result: SpliceResult) => void,
): void {
  const { session } = tunnel
  try {
    const pipe = session.openStream(
      tunnel,
      visitor,
      first,
      (stream) =>
        new Splice(stream, socket, {
          total: session.visitorBytes,
          onClose: (result) => {
            session.visitorGone(stream, result.bytesIn, result.bytesOut)
            onClose(result)
          },
        }),
    )
    pipe.start()
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause))
    resetSocket(socket)
    const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
    log.warn({ code, tunnel: tunnel.id, name: tunnel.name, reason: error.message }, 'visitor not served')
    onClose({ bytesIn: 0, bytesOut: 0, error })
  }
}
