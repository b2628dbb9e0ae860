import type { Socket } from 'node:net'
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
  onClose: (result: SpliceResult) => void,
): void {
  const { session } = tunnel
  let stream: Stream | null = null
  const pipe = new Splice(null, socket, {
    total: tunnel.traffic,
    onClose: (result) => {
      if (stream !== null) session.visitorGone(stream)
      onClose(result)
    },
  })
  const open = (first: Buffer | null): Stream => {
    try {
      stream = session.openStream(tunnel, visitor, first, pipe)
      return stream
    } catch (error) {
      session.visitorTurnedAway(tunnel, error)
      throw error
    }
  }
  session.whenRoom(() => pipe.startOpening(open))
}
