import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Visitor } from '../../tunnels/index.js'
import { ProtocolError } from '../../core/errors.js'
import type { BodyLength, Exchange, RequestHead } from './api.js'
import { listOf, valueOf, valuesOf } from './fields.js'
import { detachedResponse, Http1Exchange } from './http1-exchange.js'
import { malformed, targetOf } from './host.js'
import type { HttpLimits } from './limits.js'
import { upgradeOf } from './sticky.js'
import { failureOf } from './problem.js'
import { plainAnswer } from './plain-answer.js'

/** A visitor's connection as the ingress knows it. */
export interface FrontConnection {
  readonly visitor: Visitor
  /** Host of the SNI; null: without TLS. */
  readonly host: string | null
  readonly scheme: 'http' | 'https'
}

export interface FrontOptions {
  readonly limits: HttpLimits
  onExchange(exchange: Exchange): void
  /** A request that could not even be read was answered by us. */
  onMalformed(connection: FrontConnection | undefined, code: string): void
}

/** HTTP/1.1 with visitors, on connections that others accept: Node's parser, which is strict, and our own checks. */
export class FrontHttp1 {
  readonly #server: Server
  readonly #options: FrontOptions
  readonly #connections = new WeakMap<Socket, FrontConnection>()

  constructor(options: FrontOptions) {
    this.#options = options
    const { headerBytes, headerTimeoutMs, keepAliveMs } = options.limits
    this.#server = createServer({
      maxHeaderSize: headerBytes,
      headersTimeout: headerTimeoutMs,
      // A whole request may take as long as it likes, as long as it moves: see Forwarding.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 1_000,
      insecureHTTPParser: false,
      requireHostHeader: false,
      highWaterMark: 64 * 1024,
    })
    this.#server.maxHeadersCount = 0
    this.#server.on('request', (request, response) => this.#onRequest(request, response, false))
    this.#server.on('checkContinue', (request, response) => this.#onRequest(request, response, true))
    this.#server.on('upgrade', (request, socket, rest) => this.#onUpgrade(request, socket as Socket, rest))
    this.#server.on('connect', (_request, socket) =>
      socket.end(plainAnswer(405, 'UR_HTTP_METHOD', 'CONNECT is for proxies.')),
    )
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#onClientError(error, socket as Socket),
    )
    // A server that never listens would not look at its time limits.
    this.#server.emit('listening')
  }

  /** Takes a connection. */
  take(socket: Socket, connection: FrontConnection): void {
    this.#connections.set(socket, connection)
    this.#server.emit('connection', socket)
    // It was accepted paused, or is since its PROXY header was read.
    if (socket.isPaused()) socket.resume()
  }

  /** Lets requests end, and closes what has none. */
  drain(): void {
    this.#server.close(() => undefined)
    this.#server.closeIdleConnections()
  }

  /** Closes everything. */
  close(): void {
    this.#server.closeAllConnections()
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#exchange(request, response, { expectsContinue, upgrade: null, rest: null })
  }

  #onUpgrade(request: IncomingMessage, socket: Socket, rest: Buffer): void {
    socket.on('error', () => undefined)
    this.#exchange(request, detachedResponse(request, socket), {
      expectsContinue: false,
      upgrade: upgradeOf(request.rawHeaders),
      rest,
    })
  }

  #exchange(
    request: IncomingMessage,
    response: ServerResponse,
    { expectsContinue, upgrade, rest }: { expectsContinue: boolean; upgrade: string | null; rest: Buffer | null },
  ): void {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined) {
      request.socket.destroy()
      return
    }
    let head: RequestHead
    try {
      head = headOf(request, connection, { expectsContinue, upgrade, hasRest: rest !== null })
    } catch (error) {
      const { status, code, detail } = failureOf(error, '')
      this.#options.onMalformed(connection, code)
      request.socket.end(plainAnswer(status, code, detail))
      request.socket.destroySoon()
      return
    }
    const { visitor, host: connectionHost } = connection
    this.#options.onExchange(new Http1Exchange(request, response, { head, visitor, connectionHost, rest }))
  }

  #onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket)
    const answering = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage?.headersSent === true
    if (!socket.writable || answering || error.code === 'ECONNRESET' || connection === undefined) {
      socket.destroy()
      return
    }
    const [status, code, why] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'UR_HTTP_MALFORMED', reasonOf(error)]
    this.#options.onMalformed(connection, code)
    socket.end(plainAnswer(status, code, why))
    socket.destroySoon()
  }
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'UR_HTTP_HEADER_TOO_LONG', 'The header section of the request is too long.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'UR_HTTP_MALFORMED', 'The chunk extensions of the request are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'UR_HTTP_SLOW_VISITOR', 'The request did not come in time.'],
}

function reasonOf(error: Error & { reason?: string }): string {
  return `The request is no valid HTTP/1.1: ${error.reason ?? error.message}.`
}

/** The neutral shape of a request that Node's parser let through. Throws ProtocolError UR_HTTP_MALFORMED or UR_HTTP_METHOD. */
function headOf(
  request: IncomingMessage,
  { scheme }: FrontConnection,
  { expectsContinue, upgrade, hasRest }: { expectsContinue: boolean; upgrade: string | null; hasRest: boolean },
): RequestHead {
  const { rawHeaders, method = '', httpVersionMajor, httpVersionMinor } = request
  if (httpVersionMajor !== 1) throw malformed('its version is not HTTP/1.1')
  const version = httpVersionMinor === 0 ? '1.0' : '1.1'
  const hosts = valuesOf(rawHeaders, 'host')
  if (hosts.length !== 1) throw malformed(hosts.length === 0 ? 'it has no Host' : 'it has several values of Host')
  const { target, authority } = targetOf(method, request.url ?? '', hosts[0]!)
  const body = bodyOf(rawHeaders, version)
  if (hasRest && body !== 'none' && body !== 0) throw malformed('a request for another protocol may have no body')
  if (upgrade !== null && /^websocket$/i.test(upgrade) && method !== 'GET') {
    throw new ProtocolError('UR_HTTP_METHOD', 'A WebSocket begins with GET.')
  }
  return {
    method,
    target,
    scheme,
    authority,
    headers: withoutHost(rawHeaders),
    version,
    body,
    expectsContinue,
    upgrade,
  }
}

function bodyOf(headers: readonly string[], version: RequestHead['version']): BodyLength {
  const length = valueOf(headers, 'content-length')
  if (valueOf(headers, 'transfer-encoding') === undefined) return length === undefined ? 'none' : Number(length)
  const codings = listOf(headers, 'transfer-encoding')
  if (length !== undefined) throw malformed('it has both Transfer-Encoding and Content-Length')
  if (codings.length !== 1 || codings[0] !== 'chunked') throw malformed('it has a Transfer-Encoding other than chunked')
  if (version === '1.0') throw malformed('it has a Transfer-Encoding, which HTTP/1.0 does not know')
  return 'unknown'
}

function withoutHost(headers: readonly string[]): string[] {
  const out: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    if (name.length !== 4 || name.toLowerCase() !== 'host') out.push(name, headers[i + 1]!)
  }
  return out
}
