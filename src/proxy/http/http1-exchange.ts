import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Visitor } from '../../tunnels/index.js'
import type { BodyLength, Exchange, ExchangeEvents, RawHeaders, RequestHead } from './api.js'

/** How long a visitor whose request was answered before its end may go on sending, ms: a reset would lose the answer. */
const LINGER_MS = 2_000

/** One request of a front that speaks HTTP/1.1. */
export class Http1Exchange implements Exchange {
  readonly head: RequestHead
  readonly visitor: Visitor
  readonly connectionHost: string | null
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  /** What came behind a request for another protocol. */
  readonly #rest: Buffer | null
  #events: ExchangeEvents | null = null
  #flowing = false
  #switched = false
  #awaitsDrain = false
  #bodyBegun = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    facts: { head: RequestHead; visitor: Visitor; connectionHost: string | null; rest: Buffer | null },
  ) {
    this.head = facts.head
    this.visitor = facts.visitor
    this.connectionHost = facts.connectionHost
    this.#rest = facts.rest
    this.#request = request
    this.#response = response
  }

  start(events: ExchangeEvents): void {
    this.#events = events
    this.#response.once('close', () => {
      if (!this.#switched) events.onClose(this.#response.writableFinished)
    })
  }

  resume(): void {
    if (this.#flowing) {
      this.#request.resume()
      return
    }
    this.#flowing = true
    const events = this.#events
    this.#request.on('data', (chunk: Buffer) => events?.onBody(chunk))
    this.#request.once('end', () => events?.onBodyEnd(this.#request.rawTrailers))
  }

  pause(): void {
    // One that was paused before it flowed would not flow when it is listened to.
    if (this.#flowing) this.#request.pause()
  }

  inform(status: number, headers: RawHeaders): void {
    const { socket, headersSent } = this.#response
    if (headersSent || socket === null || this.head.version === '1.0') return
    if (status === 100) {
      if (this.head.expectsContinue) this.#response.writeContinue()
      return
    }
    socket.write(`HTTP/1.1 ${status} \r\n${lines(headers)}\r\n`, 'latin1')
  }

  respond(status: number, headers: RawHeaders, reason: string, body: BodyLength): void {
    if (this.#response.destroyed) return
    if (reason === '') this.#response.writeHead(status, headers as string[])
    else this.#response.writeHead(status, reason, headers as string[])
    if (body !== 'none' && body !== 0) process.nextTick(this.#flushHead)
  }

  /** Node keeps the head until the body begins. What comes in one piece with it may leave with it, and no more waits. */
  readonly #flushHead = (): void => {
    if (!this.#bodyBegun && !this.#response.destroyed) this.#response.flushHeaders()
  }

  write(chunk: Buffer): boolean {
    this.#bodyBegun = true
    if (this.#response.destroyed || this.#response.write(chunk)) return true
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true
      this.#response.once('drain', this.#onDrain)
    }
    return false
  }

  readonly #onDrain = (): void => {
    this.#awaitsDrain = false
    this.#events?.onDrain()
  }

  end(trailers: RawHeaders): void {
    const response = this.#response
    this.#bodyBegun = true
    if (response.destroyed) return
    if (trailers.length > 0) response.addTrailers(pairs(trailers))
    response.end()
    if (this.head.body !== 'none' && !this.#request.complete) this.#linger()
  }

  abort(): void {
    if (!this.#response.headersSent) this.#response.end()
    this.#request.socket.destroy()
  }

  switchProtocols(status: number, headers: RawHeaders): Duplex {
    const { socket } = this.#request
    this.#switched = true
    this.#response.detachSocket(socket)
    socket.write(`HTTP/1.1 ${status} Switching Protocols\r\n${lines(headers)}\r\n`, 'latin1')
    if (this.#rest !== null && this.#rest.length > 0) socket.unshift(this.#rest)
    return socket
  }

  #linger(): void {
    const request = this.#request
    request.resume()
    const timer = setTimeout(() => {
      if (!request.complete) request.socket.destroy()
    }, LINGER_MS).unref()
    request.once('close', () => clearTimeout(timer))
  }
}

/** An answer for a request whose socket Node has given up, because it asked for another protocol. It is the last one. */
export function detachedResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.destroySoon())
  return response
}

function lines(headers: RawHeaders): string {
  let text = ''
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return text
}

function pairs(headers: RawHeaders): [string, string][] {
  const result: [string, string][] = []
  for (let i = 0; i < headers.length; i += 2) result.push([headers[i]!, headers[i + 1]!])
  return result
}
