import type { Server, Socket } from 'node:net'
import { NetworkError, RefusedError, UniRouteError } from '../core/errors.js'
import { serveVisitor } from '../proxy/index.js'
import type { PortLease, PortOpener, PortRanges, Tunnel, TunnelTable, Visitor } from '../tunnels/index.js'
import type { Admission } from './admission.js'
import type { IngressLimits } from './api.js'
import { listen, publicServer } from './listener.js'
import { readProxyHeader, visitorOf } from './proxied.js'

export interface TcpPortsOptions {
  readonly ranges: PortRanges
  readonly table: TunnelTable
  readonly admission: Admission
  limits(): IngressLimits
  /** Whether an address is that of a load balancer which sends PROXY headers. */
  isTrustedProxy(address: string): boolean
}

/** Opens and serves the public ports of `tcp` tunnels. */
export class TcpPorts implements PortOpener {
  readonly #options: TcpPortsOptions
  readonly #servers = new Set<Server>()

  constructor(options: TcpPortsOptions) {
    this.#options = options
  }

  /** Ports that listen. */
  get openPorts(): number {
    return this.#servers.size
  }

  async open(port: number): Promise<PortLease> {
    const server = publicServer((socket) => this.#onSocket(port, socket))
    try {
      await listen(server, { host: this.#options.ranges.find(port)?.host, port })
    } catch (error) {
      throw portError(port, error)
    }
    server.on('error', (error) => {
      this.#options.admission.rejected(
        'UR_FD_EXHAUSTED',
        { port, reason: error.message },
        'a connection could not be accepted',
      )
    })
    this.#servers.add(server)
    return {
      close: () => {
        this.#servers.delete(server)
        server.close()
      },
    }
  }

  /** Stops listening everywhere. */
  close(): void {
    for (const server of this.#servers) server.close()
    this.#servers.clear()
  }

  #onSocket(port: number, socket: Socket): void {
    const { table, isTrustedProxy } = this.#options
    if (isTrustedProxy(socket.remoteAddress ?? '')) {
      void this.#onProxied(port, socket)
      return
    }
    const tunnel = table.findPort(port)
    if (tunnel === undefined) socket.resetAndDestroy()
    else this.#serve(tunnel, socket, visitorOf(socket, null))
  }

  #serve(tunnel: Tunnel, socket: Socket, visitor: Visitor): void {
    const leave = this.#options.admission.addVisitor(socket, visitor.address)
    if (leave !== null) serveVisitor(tunnel, socket, visitor, leave)
  }

  async #onProxied(port: number, socket: Socket): Promise<void> {
    const { admission, table, limits } = this.#options
    socket.on('error', () => undefined) // 'close' follows, and is what counts
    admission.addPending(socket)
    try {
      const header = await readProxyHeader(socket, limits().helloTimeoutMs)
      admission.removePending(socket)
      const tunnel = table.findPort(port)
      if (tunnel === undefined) socket.resetAndDestroy()
      else this.#serve(tunnel, socket, visitorOf(socket, header))
    } catch (error) {
      socket.destroy()
      const code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
      admission.rejected(
        code,
        { port, remote: socket.remoteAddress, reason: (error as Error).message },
        'connection refused',
      )
    }
  }
}

function portError(port: number, error: unknown): unknown {
  if (!(error instanceof NetworkError)) return error
  const options = { cause: error }
  switch (error.code) {
    case 'UR_LISTEN_IN_USE':
      return new RefusedError(
        'UR_PORT_TAKEN',
        `Port ${port} is in use by another program on the server; choose another.`,
        options,
      )
    case 'UR_LISTEN_DENIED':
      return new RefusedError(
        'UR_PORT_DENIED',
        `The server may not listen on port ${port}; choose one above 1023.`,
        options,
      )
    default:
      return error
  }
}
