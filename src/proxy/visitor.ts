import type { Socket } from 'node:net'
import { UniRouteError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Tunnel, Visitor } from '../tunnels/index.js'
import type { Stream } from '../wire/index.js'
import { Splice, type SpliceResult } from './splice.js'

/**
 * Joins a visitor's socket with a new stream of the tunnel. `onClose` is called exactly once, when the visitor is gone.
 * When no stream can be opened, the socket is reset.
 */
export function serveVisitor(
  tunnel: Tunnel,
  socket: Socket,
  visitor: Visitor,
  log: Logger,
  onClose: (result: SpliceResult) => void,
): void {
  const { session } = tunnel
  let stream: Stream | null = null
  const pipe = new Splice(null, socket, {
    total: session.visitorBytes,
    onClose: (result) => {
      if (stream !== null) session.visitorGone(stream, result.bytesIn, result.bytesOut)
      onClose(result)
    },
  })
  const open = (first: Buffer | null): Stream => {
    try {
      stream = session.openStream(tunnel, visitor, first, pipe)
      return stream
    } catch (error) {
      const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
      log.warn({ code, tunnel: tunnel.id, name: tunnel.name, reason: (error as Error).message }, 'visitor not served')
      throw error
    }
  }
  session.whenRoom(() => pipe.startOpening(open))
}
