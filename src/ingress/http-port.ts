import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { printable } from '../core/printable.js'
import type { Admission } from './admission.js'
import type { IngressLimits, ListenOn } from './api.js'
import { closeServer, listen, portOf } from './listener.js'

/** Answers plain HTTP: no tunnel of this version is reached by it, and the answer says so. */
export class HttpPort {
  readonly #server: Server

  constructor(admission: Admission, limits: IngressLimits) {
    const { helloTimeoutMs: headersTimeout } = limits
    const options = { headersTimeout, requestTimeout: headersTimeout, connectionsCheckingInterval: 1000 }
    this.#server = createServer({ ...options, maxHeaderSize: limits.helloBytes }, answer)
    this.#server.on('connection', (socket) => {
      admission.addPending(socket)
    })
  }

  /** Resolves with the port. */
  async listen(on: ListenOn): Promise<number> {
    await listen(this.#server, on)
    return portOf(this.#server)
  }

  async close(): Promise<void> {
    const closed = closeServer(this.#server)
    this.#server.closeIdleConnections()
    await closed
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const host = printable(request.headers.host ?? 'this server')
  const text =
    `No tunnel answers plain HTTP for ${host}.\n` +
    'This server has tunnels of the kinds tcp (a port of their own) and tls (https:// and the like, by host name).\n'
  response.writeHead(404, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    connection: 'close',
  })
  response.end(text)
}
