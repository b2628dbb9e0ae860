import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import type { Exchange, ExchangeEvents, RawHeaders } from '../../src/proxy/http/api.js'
import type { FrontConnection, FrontOptions } from '../../src/proxy/http/front.js'
import { FrontHttp2Connection } from '../../src/proxy/http/http2/connection.js'
import { DEFAULT_HTTP_LIMITS } from '../../src/proxy/http/limits.js'

const FACTS: FrontConnection = {
  visitor: { address: '192.0.2.1', port: 1, serverAddress: '192.0.2.2', serverPort: 443 },
  host: 'x',
  scheme: 'https',
  certificate: null,
}

/** A request as it was told, and what has become of it. */
export class ToldRequest implements ExchangeEvents {
  readonly exchange: Exchange
  readonly #wrong: (what: string) => void
  readonly parts: Buffer[] = []
  trailers: RawHeaders | null = null
  aborted = false
  /** What it has gone over to. */
  tunnel: Duplex | null = null
  tunnelCloses = 0
  closes = 0
  /** For its answer. */
  onPart: (chunk: Buffer) => void = () => undefined
  onWhole: () => void = () => undefined
  onRoom: () => void = () => undefined

  /** `wrong` is called where it is told what it must not be. */
  constructor(exchange: Exchange, wrong: (what: string) => void) {
    this.exchange = exchange
    this.#wrong = wrong
    exchange.start(this)
  }

  get id(): number {
    return (this.exchange as unknown as { id: number }).id
  }

  get body(): Buffer {
    return Buffer.concat(this.parts)
  }

  abort(): void {
    this.aborted = true
    this.exchange.abort()
  }

  switchProtocols(): Duplex {
    const tunnel = this.exchange.switchProtocols(101, ['upgrade', 'x', 'x-own', 'y'])
    this.tunnel = tunnel
    tunnel.on('error', () => undefined)
    tunnel.on('data', (chunk: Buffer) => this.parts.push(chunk))
    tunnel.once('end', () => (this.trailers = []))
    tunnel.on('close', () => this.tunnelCloses++)
    return tunnel
  }

  // ExchangeEvents

  onBody(chunk: Buffer): void {
    this.#expectOpen('body')
    // What was read into is used again.
    this.parts.push(Buffer.from(chunk))
    this.onPart(chunk)
  }

  onBodyEnd(trailers: RawHeaders): void {
    this.#expectOpen('the end of the body')
    this.trailers = trailers
    this.onWhole()
  }

  onDrain(): void {
    if (this.closes > 0) this.#wrong('room is told behind the close')
    this.onRoom()
  }

  onClose(): void {
    this.closes++
  }

  #expectOpen(what: string): void {
    const late = this.closes > 0 ? 'the close' : this.aborted ? 'abort' : this.trailers !== null ? 'its end' : null
    if (late !== null) this.#wrong(`${what} is told behind ${late}`)
  }
}

/** The socket of a visitor: what is written is seen at once, and taken when the test says so. */
class VisitSocket extends Duplex {
  readonly written: Buffer[] = []
  taking = true
  #done: (() => void) | null = null

  override _read(): void {}

  override write(chunk: Buffer, ...rest: unknown[]): boolean {
    if (!this.writableEnded && !this.destroyed) this.written.push(Buffer.from(chunk))
    return super.write(chunk, ...(rest as []))
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.taking) return done()
    this.#done = done
  }

  release(): void {
    const done = this.#done
    this.#done = null
    done?.()
  }
}

/** A visitor's connection in memory. */
export class Http2Visit {
  readonly requests: ToldRequest[] = []
  readonly socket = new VisitSocket({ allowHalfOpen: true })
  readonly connection: FrontHttp2Connection
  readonly malformed: string[] = []
  readonly defects: unknown[] = []
  now = 0
  gone = 0
  #failure: Error | null = null

  /** `answer` is called with each request. */
  constructor(answer: (request: ToldRequest) => void, limits: Partial<FrontOptions['limits']> = {}) {
    this.socket.on('error', (error) => (this.#failure ??= error))
    this.connection = new FrontHttp2Connection(this.socket as unknown as TLSSocket, FACTS, {
      clock: { now: () => this.now },
      onLeft: () => undefined,
      onGone: () => this.gone++,
      options: {
        limits: { ...DEFAULT_HTTP_LIMITS, ...limits },
        onMalformed: (_facts, code) => this.malformed.push(code),
        onDefect: (error) => this.defects.push(error),
        onExchange: (exchange) => {
          const request = new ToldRequest(exchange, (what) => this.#wrong(what))
          this.requests.push(request)
          answer(request)
        },
      },
    })
  }

  /** Whether anything more of what comes is read. */
  get reads(): boolean {
    return !this.socket.destroyed
  }

  come(bytes: Buffer): void {
    if (!this.reads) return
    // As a socket does: once it was read, the memory is read into again.
    const slab = Buffer.from(bytes)
    this.socket.emit('data', slab)
    slab.fill(0xee)
  }

  /** Runs what waits for the turn of the event loop. */
  async settle(): Promise<void> {
    // What is much waits for the end of its turn.
    await turn()
    await turn()
    if (this.#failure !== null) throw this.#failure
  }

  /** The visitor is gone. */
  async leave(): Promise<void> {
    this.socket.destroy()
    await this.settle()
    await this.settle()
    if (this.gone !== 1) throw new Error(`the connection was gone ${this.gone} times`)
    for (const { id, tunnel, tunnelCloses, closes } of this.requests) {
      const times = tunnel === null ? closes : tunnelCloses
      if (times !== 1) throw new Error(`request ${id} was closed ${times} times`)
    }
  }

  /** What was written since this was asked last: whole frames. */
  written(): Buffer[] {
    return this.socket.written.splice(0)
  }

  /** To be thrown later: an error in the middle of it would be taken for what the visitor did. */
  #wrong(what: string): void {
    this.#failure ??= new Error(what)
  }
}
