import type { ClientRequest, IncomingMessage } from 'node:http'
import http2, { type ClientHttp2Session } from 'node:http2'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { within } from './hang.js'
import type { Owner } from './places.js'

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

/** Visitors of `http` tunnels at a TLS port of loopback. What they opened is closed with the test. */
export class HttpVisitors {
  readonly port: number
  readonly ca: Buffer
  readonly owner: Owner

  constructor(owner: Owner, at: { port: number; ca: Buffer }) {
    this.owner = owner
    this.port = at.port
    this.ca = at.ca
  }

  /** One request by HTTP/1.1 over TLS, on a connection of its own unless `agent` keeps them. */
  call(host: string, path: string, call: Call = {}, agent = new HttpsAgent({ keepAlive: false })): Promise<Answer> {
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
    this.owner.teardown(() => session.destroy())
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
    this.owner.teardown(() => socket.destroy())
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
