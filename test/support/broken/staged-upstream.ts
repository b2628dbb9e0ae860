import type { Socket } from 'node:net'
import { within } from '../hang.js'
import { listen, type Owner } from '../places.js'
import { startUpstream } from '../pumps.js'
import { stagedHttp2, type StagedHttp2 } from './staged-http2.js'

/** What can be seen of a request at the upstream: its head, some of its body, the end of its connection. */
export type Sight = 'head' | 'body' | 'gone'

/** What the upstream does with a request, by the first part of its path; the second is its key. */
export type Deed =
  /** Reads it, answers, and takes the next. */
  | 'whole'
  /** Reads what comes and never answers. */
  | 'wait'
  /** Begins an answer that has no end. */
  | 'endless'
  /** Goes over to another protocol, an echo. */
  | 'upgrade'
  /** Breaks the connection off: when it has read something of the head, all of it, some of the body, */
  | 'cut-head'
  | 'cut-sent'
  | 'cut-body'
  /** or when it has sent something of the head of the answer, of its body, all of it. */
  | 'cut-answer-head'
  | 'cut-answer'
  | 'cut-after'

const PIECE = Buffer.alloc(16 * 1024, 'x')
const CHUNK = Buffer.concat([Buffer.from(`${PIECE.length.toString(16)}\r\n`), PIECE, Buffer.from('\r\n')])
/** The answer to `whole`. It closes idle connections soon, so that the end of a test has not long to wait for them. */
export const WHOLE = 'done'
const ANSWER = `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: ${WHOLE.length}\r\n\r\n${WHOLE}`

/** An upstream of HTTP/1.1 that fails its visitors, or sees them fail, at a stage of their choice. */
export class StagedUpstream {
  port = 0
  /** Where it does the same by HTTP/2. */
  http2Port = 0
  /** Hangs up on everybody before it has read anything. */
  hangUpPort = 0
  readonly #seen = new Map<string, Set<Sight>>()
  readonly #waiting = new Map<string, () => void>()
  #http2: StagedHttp2 | null = null

  static async start(t: Owner): Promise<StagedUpstream> {
    const staged = new StagedUpstream()
    staged.port = (await startUpstream(t, (socket) => new Connection(staged, socket))).port
    const http2 = stagedHttp2((key, sight) => staged.saw(key, sight))
    staged.http2Port = await listen(http2.server)
    t.teardown(() => http2.server.close())
    staged.#http2 = http2
    staged.hangUpPort = (await startUpstream(t, (socket) => void socket.resetAndDestroy())).port
    return staged
  }

  /** Ends what nobody uses, so that the end of a test has not long to wait for it. */
  closeIdle(): void {
    this.#http2?.closeConnections()
  }

  /**
   * Waits until this was seen of the request with that key, and that name for messages. Of one that is gone nothing more
   * is remembered then.
   */
  async sight(key: string, sight: Sight, name: string): Promise<void> {
    await within(
      `${sight} of the request ${name}`,
      new Promise<void>((resolve) => {
        const look = () => {
          if (this.#seen.get(key)?.has(sight) !== true) return
          this.#waiting.delete(key)
          resolve()
        }
        this.#waiting.set(key, look)
        look()
      }),
    )
    if (sight === 'gone') this.forget(key)
  }

  forget(key: string): void {
    this.#seen.delete(key)
    this.#waiting.delete(key)
  }

  /** For a connection. */
  saw(key: string, sight: Sight): void {
    const seen = this.#seen.get(key)
    if (seen === undefined) this.#seen.set(key, new Set([sight]))
    else seen.add(sight)
    this.#waiting.get(key)?.()
  }
}

/** One connection, one request after the other. */
class Connection {
  readonly #upstream: StagedUpstream
  readonly #socket: Socket
  #text = ''
  #deed: Deed | null = null
  #key = ''
  #bodyLeft = 0

  constructor(upstream: StagedUpstream, socket: Socket) {
    this.#upstream = upstream
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => socket.end())
    socket.once('close', () => {
      if (this.#deed === 'wait' || this.#deed === 'endless' || this.#deed === 'upgrade') upstream.saw(this.#key, 'gone')
    })
  }

  #onData(chunk: Buffer): void {
    if (this.#deed === 'upgrade') return void this.#socket.write(chunk)
    if (this.#deed !== null) return this.#onBody(chunk.length)
    this.#text += chunk.toString('latin1')
    const [, deed, key, rest] = /^[A-Z]+ \/([a-z-]+)\/(\S+) HTTP\/1\.1\r\n([^]*)$/.exec(this.#text) ?? []
    if (deed === 'cut-head') return this.#cut()
    const end = rest?.indexOf('\r\n\r\n') ?? -1
    if (deed === undefined || key === undefined || rest === undefined || end < 0) return
    this.#text = ''
    this.#deed = deed as Deed
    this.#key = key
    this.#bodyLeft = Number(/content-length: *(\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0)
    this.#onHead()
    if (this.#deed === 'upgrade') this.#socket.write(rest.slice(end + 4), 'latin1')
    else if (rest.length > end + 4) this.#onBody(rest.length - end - 4)
    else this.#checkWhole()
  }

  #onHead(): void {
    const socket = this.#socket
    switch (this.#deed) {
      case 'wait':
      case 'endless':
        this.#upstream.saw(this.#key, 'head')
        if (this.#deed === 'endless') this.#flood()
        return
      case 'upgrade':
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
        return
      case 'cut-sent':
        return this.#cut()
      case 'cut-answer-head':
        socket.write('HTTP/1.1 200 OK\r\nContent-Le', () => this.#cut())
        return
      case 'cut-answer':
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nsome of it', () => this.#cut())
        return
      default:
    }
  }

  #onBody(bytes: number): void {
    this.#bodyLeft -= bytes
    if (this.#deed === 'cut-body') this.#cut()
    else if (this.#deed === 'wait') this.#upstream.saw(this.#key, 'body')
    else this.#checkWhole()
  }

  #checkWhole(): void {
    if (this.#bodyLeft > 0) return
    if (this.#deed === 'whole') this.#socket.write(ANSWER)
    else if (this.#deed === 'cut-after') this.#socket.write(ANSWER, () => this.#cut())
    else return
    this.#deed = null
  }

  /** As fast as it is taken. */
  #flood(): void {
    const socket = this.#socket
    const more = () => {
      while (!socket.destroyed && socket.write(CHUNK));
    }
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    socket.on('drain', more)
    more()
  }

  /** By a reset, or by a FIN: programs that die do the one or the other. */
  #cut(): void {
    if (this.#key.endsWith('1')) this.#socket.end()
    else this.#socket.resetAndDestroy()
  }
}
