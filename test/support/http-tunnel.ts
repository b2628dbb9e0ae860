import { createServer, type ClientRequest, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import http2, { type ClientHttp2Session } from 'node:http2'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { readFile } from 'node:fs/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { Agent, type TunnelSpec } from '../../src/agent/index.js'
import { devServerConfig, readUpstream } from '../../src/config/index.js'
import { silentLogger, type Logger } from '../../src/core/logger.js'
import { Secret } from '../../src/core/secret.js'
import { Daemon } from '../../src/daemon/daemon.js'
import { devToken } from '../../src/daemon/dev-token.js'
import { within } from './hang.js'
import { listen } from './places.js'

/** An answer, whole. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawHeaders: readonly string[]
  readonly body: string
  readonly trailers: Readonly<Record<string, string | undefined>>
}

export interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
  readonly host?: string
}

/** A whole UniRoute server in this process, on loopback, for `http` tunnels. Ended with the test. */
export class HttpTunnels {
  readonly daemon: Daemon
  readonly port: number
  readonly plainPort: number
  readonly ca: Buffer
  readonly #token: string
  readonly #t: Test

  private constructor(t: Test, made: { daemon: Daemon; ca: Buffer; token: string }) {
    this.#t = t
    this.daemon = made.daemon
    this.ca = made.ca
    this.#token = made.token
    const portOf = (address: string | null) => Number(address?.split(':')[1])
    this.port = portOf(made.daemon.addresses.tls)
    this.plainPort = portOf(made.daemon.addresses.http)
  }

  /** `settings`: keys of the configuration, such as `listen.trusted_proxies`. */
  static async start(
    t: Test,
    limits: Readonly<Record<string, unknown>> = {},
    { settings: more = {}, log = silentLogger }: { settings?: Readonly<Record<string, unknown>>; log?: Logger } = {},
  ): Promise<HttpTunnels> {
    const dir = t.testdir()
    const settings = {
      data_dir: dir,
      'listen.tls': '127.0.0.1:0',
      'listen.http': '127.0.0.1:0',
      'listen.metrics': '127.0.0.1:0',
      ...Object.fromEntries(Object.entries(limits).map(([key, value]) => [`limits.${key}`, value])),
      ...more,
    }
    const overrides = Object.entries(settings).map(([key, value]) => ({
      path: key.split('.'),
      value,
      origin: 'the test',
    }))
    const config = devServerConfig(overrides)
    const daemon = await Daemon.start({ config, log })
    t.teardown(() => daemon.drain(0))
    const ca = await readFile(daemon.certificates.book.caFile ?? '')
    return new HttpTunnels(t, { daemon, ca, token: await devToken(daemon.store, dir) })
  }

  /** An agent with these tunnels, once they are bound. */
  async agent(...tunnels: (Omit<TunnelSpec, 'upstream' | 'kind'> & { upstream: number | string })[]): Promise<Agent> {
    const agent = new Agent({
      server: { host: '127.0.0.1', port: this.port },
      token: new Secret(this.#token),
      caFile: this.daemon.certificates.book.caFile ?? '',
      tunnels: tunnels.map((tunnel) => ({ ...tunnel, kind: 'http', upstream: readUpstream(String(tunnel.upstream)) })),
    })
    this.#t.teardown(() => agent.kill())
    const ready = new Promise<void>((resolve, reject) => {
      agent.once('ready', () => resolve())
      agent.once('close', (error) => reject(error ?? new Error('closed')))
    })
    agent.start()
    await within('the agent', ready)
    return agent
  }

  /** One request by HTTP/1.1 over TLS. */
  call(host: string, path: string, call: Call = {}): Promise<Answer> {
    const agent = new HttpsAgent({ keepAlive: false })
    const options = { host: '127.0.0.1', port: this.port, servername: host, ca: this.ca, path, agent }
    const message = httpsRequest({
      ...options,
      method: call.method,
      headers: { host: call.host ?? host, ...call.headers },
    })
    message.end(call.body)
    return within(`an answer for ${path}`, answered(message))
  }

  /** A connection by HTTP/2. */
  http2(host: string, settings: http2.ClientSessionOptions = {}): ClientHttp2Session {
    const session = http2.connect(`https://${host}`, {
      createConnection: () => this.tls(host, ['h2']),
      ...settings,
    })
    session.on('error', () => undefined)
    this.#t.teardown(() => session.destroy())
    return session
  }

  /** A TLS connection with nothing said on it. */
  tls(host: string, protocols = ['http/1.1'], verified = true): TLSSocket {
    const socket = connectTls({
      host: '127.0.0.1',
      port: this.port,
      servername: host,
      ca: this.ca,
      ALPNProtocols: protocols,
      rejectUnauthorized: verified,
    })
    socket.on('error', () => undefined)
    this.#t.teardown(() => socket.destroy())
    return socket
  }

  /** What is answered to these bytes until the server closes the connection. */
  raw(host: string, bytes: string | Buffer): Promise<string> {
    const socket = this.tls(host)
    socket.write(bytes)
    return within('the end of a connection', everything(socket))
  }
}

/** All that comes until the other side ends. */
export function everything(socket: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.once('close', () => resolve(text))
  })
}

/** An upstream in this process. Resolves with its port. */
export async function upstream(t: Test, listener: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer(listener)
  const port = await listen(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, server }
}

/** A request over HTTP/2, whole. */
export function call2(session: ClientHttp2Session, path: string, call: Call = {}): Promise<Answer> {
  const headers = { ':path': path, ':method': call.method ?? 'GET', ...call.headers }
  const stream = session.request(headers, { endStream: call.body === undefined })
  if (call.body !== undefined) stream.end(call.body)
  return within(
    `an answer for ${path}`,
    new Promise((resolve, reject) => {
      let status = 0
      let body = ''
      let trailers = {}
      let fields: http2.IncomingHttpHeaders = {}
      stream.on('response', (received) => {
        status = received[':status'] ?? 0
        fields = received
      })
      stream.on('trailers', (received: http2.IncomingHttpHeaders) => (trailers = received))
      stream.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
      stream.once('error', reject)
      stream.once('close', () => resolve({ status, headers: fields, rawHeaders: [], body, trailers }))
    }),
  )
}

/** The answer to a request of Node's client. */
export function answered(message: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    message.once('error', reject)
    message.once('response', (response: IncomingMessage) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
      response.once('error', reject)
      response.once('end', () => {
        const { statusCode = 0, headers, rawHeaders, trailers } = response
        resolve({ status: statusCode, headers, rawHeaders, body, trailers })
      })
    })
  })
}
