import { chmodSync, rmSync } from 'node:fs'
import http, { type IncomingMessage, type RequestListener, type Server } from 'node:http'
import https from 'node:https'
import { type AddressInfo, isIP } from 'node:net'
import type { CertificateBook } from '../certs/index.js'
import { systemClock } from '../core/clock.js'
import { NetworkError } from '../core/errors.js'
import { ThrottledLog } from '../core/throttled-log.js'
import { type AdminApp, adminApp, type AdminAppOptions } from './app.js'
import { Places } from './places.js'
import { assertNotServed } from './socket.js'

/** Connections at once to one listener. */
const CONNECTIONS = 256

/** What is answered to what Node does not take for a request; everything else is 400. */
const STATUSES: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}

const SERVER_OPTIONS = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}

export interface AdminServerOptions extends Omit<AdminAppOptions, 'isLocal'> {
  /** Null: on no address. */
  readonly listen: { readonly host: string | undefined; readonly port: number } | null
  /** The socket in the data folder; null: none. */
  readonly socket: string | null
  /** Whose certificates serve an address that others can reach. */
  readonly book: CertificateBook
}

/**
 * The admin API on its listeners: an address, where it is to be (HTTP on the loopback, HTTPS with the server's
 * certificates everywhere else), and a Unix socket for commands on this machine.
 */
export class AdminServer {
  readonly #app: AdminApp
  readonly #options: AdminServerOptions
  readonly #servers: Server[] = []
  readonly #closers: (() => void)[] = []
  #port: number | null = null

  private constructor(app: AdminApp, options: AdminServerOptions) {
    this.#app = app
    this.#options = options
  }

  /** Throws NetworkError UR_ADMIN_LISTEN; StoreError UR_DATA_DIR_IN_USE. */
  static async listen(options: AdminServerOptions): Promise<AdminServer> {
    const local = new WeakSet<IncomingMessage>()
    const app = await adminApp({ ...options, isLocal: (request) => local.has(request) })
    const server = new AdminServer(app, options)
    try {
      await server.#listenOnAddress()
      await server.#listenOnSocket(local)
    } catch (error) {
      await server.close()
      throw error
    }
    return server
  }

  /** The port of the address; null: it has none. */
  get port(): number | null {
    return this.#port
  }

  async close(): Promise<void> {
    for (const close of this.#closers) close()
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)))
    for (const server of this.#servers) server.closeAllConnections()
    await Promise.all(closed)
    await this.#app.close()
  }

  async #listenOnAddress(): Promise<void> {
    const { listen, book } = this.#options
    if (listen === null) return
    const answer: RequestListener = (request, response) => this.#app.routing(request, response)
    const server = isLoopback(listen.host)
      ? http.createServer(SERVER_OPTIONS, answer)
      : https.createServer(
          {
            ...SERVER_OPTIONS,
            ...book.defaultPem,
            minVersion: 'TLSv1.2',
            ALPNProtocols: ['http/1.1'],
            SNICallback: (name, done) => done(null, book.secureContextFor(name)),
          },
          answer,
        )
    if (server instanceof https.Server) {
      this.#closers.push(book.onReload(() => server.setSecureContext(book.defaultPem)))
    }
    const { host, port } = listen
    await this.#start(server, { port, ...(host === undefined ? {} : { host }) }, `${host ?? '*'}:${port}`)
    this.#port = (server.address() as AddressInfo).port
  }

  async #listenOnSocket(local: WeakSet<IncomingMessage>): Promise<void> {
    const { socket } = this.#options
    if (socket === null) return
    await assertNotServed(socket)
    rmSync(socket, { force: true })
    const server = http.createServer(SERVER_OPTIONS, (request, response) => {
      local.add(request)
      this.#app.routing(request, response)
    })
    await this.#start(server, { path: socket }, socket)
    chmodSync(socket, 0o600)
  }

  async #start(server: Server, where: { port?: number; host?: string; path?: string }, name: string): Promise<void> {
    const { log } = this.#options
    const throttled = new ThrottledLog(log, systemClock)
    new Places(server, CONNECTIONS, (remote) =>
      throttled.warn(
        'UR_ADMIN_CONNECTIONS',
        { remote },
        'too many connections to the admin API: one without a request was closed',
      ),
    )
    server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
      const status = STATUSES[code] ?? '400 Bad Request'
      if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const message = `could not listen on ${name} for the admin API: ${error.code ?? error.message}. Free it, or set listen.admin`
        reject(new NetworkError('UR_ADMIN_LISTEN', message, { cause: error }))
      })
      server.listen(where, resolve)
    })
    server.on('error', (error) => log.error({ error }, 'a listener of the admin API failed'))
    this.#servers.push(server)
  }
}

/** Whether others cannot reach an address: the API is served there without TLS. */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
