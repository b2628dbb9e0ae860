import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { NetworkError } from '../core/errors.js'
import type { ListenOn } from './api.js'

/** Connections that the kernel holds until we accept them (it caps them at net.core.somaxconn). */
const BACKLOG = 1024
/** The kernel probes a quiet connection after so long, ms. */
const KEEPALIVE_MS = 30_000
/** How long an answer to a connection that is turned away may take to arrive, ms. */
const LINGER_MS = 2_000

/** A server whose sockets are set up for the way of the bytes: half-open, no delay, kept alive, not read yet. */
export function publicServer(onSocket: (socket: Socket) => void): Server {
  const options = {
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
  }
  return createServer(options, onSocket)
}

/** Resolves when `server` listens. Throws NetworkError: UR_LISTEN_IN_USE, UR_LISTEN_DENIED, UR_FD_EXHAUSTED, UR_LISTEN_FAILED. */
export function listen(server: Server, on: ListenOn): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, on))
    server.once('error', onError)
    const options = 'fd' in on ? on : { port: on.port, ...(on.host === undefined ? {} : { host: on.host }) }
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

/** The port that a listening server has. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Stops listening; resolves when the sockets that were accepted are closed too. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

/** Sends a last answer and closes. What still comes is read and dropped: closing over it would be a reset, and lose the answer. */
export function answerAndClose(socket: Socket, answer: Readonly<Uint8Array>): void {
  if (socket.destroyed) return
  socket.end(answer)
  socket.resume()
  const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('end', () => socket.destroySoon())
  socket.once('close', () => clearTimeout(linger))
}

function listenError(error: NodeJS.ErrnoException, on: ListenOn): NetworkError {
  const where = 'fd' in on ? `socket ${on.fd} of systemd` : `${on.host ?? '*'}:${on.port}`
  const options = { cause: error }
  switch (error.code) {
    case 'EADDRINUSE':
      return new NetworkError(
        'UR_LISTEN_IN_USE',
        `Cannot listen on ${where}: another program listens there. Stop it, or choose another port.`,
        options,
      )
    case 'EACCES':
    case 'EPERM':
      return new NetworkError(
        'UR_LISTEN_DENIED',
        `Cannot listen on ${where}: the system does not let this user. Use a port above 1023, or give it CAP_NET_BIND_SERVICE.`,
        options,
      )
    case 'EMFILE':
    case 'ENFILE':
      return new NetworkError('UR_FD_EXHAUSTED', `Cannot listen on ${where}: no file descriptors are left.`, options)
    default:
      return new NetworkError('UR_LISTEN_FAILED', `Cannot listen on ${where}: ${error.message}.`, options)
  }
}
