import type { Server, Socket } from 'node:net'
import { UniRouteError } from '../core/errors.js'
import type { Visitor } from '../tunnels/index.js'
import type { Admission } from './admission.js'
import type { IngressLimits, ListenOn } from './api.js'
import { closeServer, listen, portOf, publicServer } from './listener.js'
import { readProxyHeader, visitorOf } from './proxied.js'

export interface HttpPortOptions {
  readonly admission: Admission
  limits(): IngressLimits
  /** Whether an address is that of a load balancer which sends PROXY headers. */
  isTrustedProxy(address: string): boolean
  /** A visitor's connection. */
  onHttp(socket: Socket, visitor: Visitor): void
}

/** The public port for plain HTTP. */
export class HttpPort {
  readonly #options: HttpPortOptions
  readonly #server: Server

  constructor(options: HttpPortOptions) {
    this.#options = options
    this.#server = publicServer((socket) => void this.#onSocket(socket))
  }

  /** Resolves with the port. */
  async listen(on: ListenOn): Promise<number> {
    await listen(this.#server, on)
    return portOf(this.#server)
  }

  /** Stops listening; connections stay. */
  close(): Promise<void> {
    return closeServer(this.#server)
  }

  async #onSocket(socket: Socket): Promise<void> {
    const { admission, limits, isTrustedProxy, onHttp } = this.#options
    socket.on('error', () => undefined) // 'close' follows, and is what counts
    try {
      const isProxied = isTrustedProxy(socket.remoteAddress ?? '')
      if (isProxied) admission.addPending(socket)
      const proxy = isProxied ? await readProxyHeader(socket, limits().helloTimeoutMs) : null
      admission.removePending(socket)
      const visitor = visitorOf(socket, proxy)
      const leave = admission.addVisitor(socket, visitor.address)
      if (leave === null) return
      socket.once('close', leave)
      onHttp(socket, visitor)
    } catch (error) {
      socket.destroy()
      const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
      const fields = { remote: socket.remoteAddress, reason: (error as Error).message }
      admission.rejected(code, fields, 'connection refused')
    }
  }
}
