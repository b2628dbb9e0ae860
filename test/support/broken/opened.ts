import { once } from 'node:events'
import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { within } from '../hang.js'
import type { HttpVisitors } from '../http-visitors.js'
import { WHOLE, type Deed, type Sight, type StagedUpstream } from './staged-upstream.js'

export const STAGES = [
  'before the head',
  'in the head',
  'head sent',
  'in the body',
  'in the answer',
  'after the answer',
  'another protocol',
] as const
/** How far a request has come when it is broken. */
export type Stage = (typeof STAGES)[number]

/** Those whose answer has begun and has no end. */
const OPEN: ReadonlySet<Stage> = new Set(['in the answer', 'another protocol'])
/** Those of which the upstream has something. */
const AT_UPSTREAM: ReadonlySet<Stage> = new Set(['head sent', 'in the body', ...OPEN])

/** Where requests go. */
export interface Site {
  readonly visitors: HttpVisitors
  readonly host: string
  readonly upstream: StagedUpstream
  /** A key that no other request has. */
  nextKey(): string
}

/** A request that stands at a stage. */
export interface Opened {
  readonly stage: Stage
  /** For messages. */
  readonly name: string
  /** The visitor gives it up. */
  leave(): void
  /** Settles when the upstream has seen that it is given up; at once where it has nothing of it. */
  given(): Promise<void>
  /** What becomes of it, when something else breaks: a status, or `broken`. Sends first what is left of its head. */
  outcome(): Promise<string>
}

/** Of a body that never comes whole. */
const LENGTH = 'Content-Length: 100000\r\n'
const LAST_CHUNK = '\r\n0\r\n\r\n'
const PART = Buffer.alloc(20_000, 'x')

/** A request by HTTP/1.1 on a connection of its own. */
export class OpenedHttp1 implements Opened {
  readonly stage: Stage
  readonly #site: Site
  readonly #socket: TLSSocket
  readonly #key: string
  /** The beginning of what came since the request stands. */
  #text = ''
  /** Its last bytes. */
  #tail = ''
  #looks: (() => void) | null = null

  private constructor(site: Site, stage: Stage) {
    this.#site = site
    this.stage = stage
    this.#key = site.nextKey()
    this.#socket = site.visitors.tls(site.host)
    this.#socket.on('data', (chunk: Buffer) => {
      if (this.#text.length < 1_000) this.#text += chunk.toString('latin1', 0, 1_000)
      this.#tail = chunk.toString('latin1', Math.max(0, chunk.length - LAST_CHUNK.length))
      this.#looks?.()
    })
    this.#socket.once('close', () => this.#looks?.())
  }

  static async open(site: Site, stage: Stage): Promise<OpenedHttp1> {
    const opened = new OpenedHttp1(site, stage)
    await opened.#reach()
    return opened
  }

  async #reach(): Promise<void> {
    const socket = this.#socket
    const { upstream } = this.#site
    await within('a TLS connection', once(socket, 'secureConnect'))
    switch (this.stage) {
      case 'before the head':
        return
      case 'in the head':
        await this.#written(this.#head('GET', 'whole').slice(0, -2))
        return
      case 'head sent':
        socket.write(this.#head('POST', 'wait', LENGTH))
        return upstream.sight(this.#key, 'head', this.name)
      case 'in the body':
        socket.write(this.#head('POST', 'wait', LENGTH))
        socket.write(PART)
        return upstream.sight(this.#key, 'body', this.name)
      case 'in the answer':
        socket.write(this.#head('GET', 'endless'))
        await this.#until('an answer', () => this.#text.startsWith('HTTP/1.1 200 '))
        return
      case 'after the answer':
        socket.write(this.#head('GET', 'whole'))
        await this.#until('an answer', () => this.#text.endsWith(`\r\n\r\n${WHOLE}`))
        this.#text = ''
        return
      case 'another protocol':
        socket.write(this.#head('GET', 'upgrade', 'Connection: Upgrade\r\nUpgrade: echo\r\n') + 'a word')
        await this.#until('an echo', () => this.#text.endsWith('\r\n\r\na word'))
    }
  }

  get name(): string {
    return `${this.stage} by HTTP/1.1, ${this.#site.host}/${this.#key}`
  }

  leave(): void {
    this.#socket.destroy()
  }

  given(): Promise<void> {
    return given(this, this.#site.upstream, this.#key)
  }

  async outcome(): Promise<string> {
    const socket = this.#socket
    if (this.stage === 'before the head') socket.write(this.#head('GET', 'whole'))
    if (this.stage === 'in the head') socket.write('\r\n')
    const status = () => /^HTTP\/1\.1 (\d{3}) /.exec(this.#text)?.[1]
    const isOpen = OPEN.has(this.stage)
    if (isOpen) await this.#until('the end', () => false)
    else if (this.stage !== 'after the answer') await this.#until('an answer', () => status() !== undefined)
    socket.destroy()
    if (isOpen) return this.#tail.endsWith(LAST_CHUNK) ? 'whole' : 'broken'
    return status() ?? 'none'
  }

  #head(method: 'GET' | 'POST', deed: Deed, fields = ''): string {
    return `${method} /${deed}/${this.#key} HTTP/1.1\r\nHost: ${this.#site.host}\r\n${fields}\r\n`
  }

  /** Waits for what came to be so, or for the end of the connection. */
  #until(what: string, isSo: () => boolean): Promise<void> {
    return within(
      `${what} (${this.name})`,
      new Promise<void>((resolve) => {
        this.#looks = () => {
          if (!isSo() && !this.#socket.destroyed) return
          this.#looks = null
          resolve()
        }
        this.#looks()
      }),
    )
  }

  #written(text: string): Promise<void> {
    return new Promise((resolve) => void this.#socket.write(text, () => resolve()))
  }
}

/** A request by HTTP/2, on a session that it may share. */
export class OpenedHttp2 implements Opened {
  readonly stage: Stage
  readonly #site: Site
  readonly #key: string
  #stream: ClientHttp2Stream | null = null
  #bare: TLSSocket | null = null
  #status: number | undefined

  private constructor(site: Site, stage: Stage) {
    this.#site = site
    this.stage = stage
    this.#key = site.nextKey()
  }

  static async open(site: Site, stage: Stage, session: ClientHttp2Session): Promise<OpenedHttp2> {
    const opened = new OpenedHttp2(site, stage)
    await opened.#reach(session)
    return opened
  }

  async #reach(session: ClientHttp2Session): Promise<void> {
    switch (this.stage) {
      case 'before the head':
        return this.#openBare(PREFACE)
      case 'in the head':
        return this.#openBare(Buffer.concat([PREFACE, HALF_A_HEAD]))
      case 'head sent':
        return this.#seen('head', this.#ask(session, 'POST', 'wait'))
      case 'in the body': {
        const stream = this.#ask(session, 'POST', 'wait')
        stream.write(PART)
        return this.#seen('body', stream)
      }
      case 'in the answer':
        await within('some of an answer', once(this.#ask(session, 'GET', 'endless'), 'data'))
        this.#stream?.pause()
        return
      case 'after the answer':
        await within('the end of an answer', closed(this.#ask(session, 'GET', 'whole').resume()))
        return
      case 'another protocol':
        if (session.connecting) await within('settings', once(session, 'remoteSettings'))
        this.#ask(session, 'CONNECT', 'upgrade').write('a word')
        await within('an echo', once(this.#stream!, 'data'))
    }
  }

  /** Waits until the upstream has seen it. Throws when it is answered instead. */
  #seen(sight: Sight, stream: ClientHttp2Stream): Promise<void> {
    return new Promise((resolve, reject) => {
      const onResponse = (headers: IncomingHttpHeaders) => {
        let text = ''
        stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        const tell = () => reject(new Error(`${this.name} was answered: ${String(headers[':status'])} ${text}`))
        stream.once('end', tell).once('close', tell)
      }
      stream.once('response', onResponse)
      const seen = () => void stream.off('response', onResponse)
      this.#site.upstream.sight(this.#key, sight, this.name).then(resolve, reject).finally(seen)
    })
  }

  get name(): string {
    return `${this.stage} by HTTP/2, ${this.#site.host}/${this.#key}`
  }

  leave(): void {
    this.#stream?.close(constants.NGHTTP2_CANCEL)
    this.#bare?.destroy()
  }

  given(): Promise<void> {
    return given(this, this.#site.upstream, this.#key)
  }

  async outcome(): Promise<string> {
    const stream = this.#stream
    this.#bare?.destroy()
    if (stream === null || this.stage === 'after the answer') return 'none'
    stream.resume()
    await within(`the end (${this.name})`, closed(stream))
    if (OPEN.has(this.stage)) return stream.rstCode === 0 ? 'whole' : 'broken'
    return String(this.#status)
  }

  #ask(session: ClientHttp2Session, method: 'GET' | 'POST' | 'CONNECT', deed: Deed): ClientHttp2Stream {
    const other = method === 'CONNECT' ? { ':protocol': 'echo', ':scheme': 'https', ':authority': this.#site.host } : {}
    const head = { ':method': method, ':path': `/${deed}/${this.#key}`, ...other }
    const stream = session.request(head, { endStream: method === 'GET' })
    this.#stream = stream
    stream.on('error', () => undefined)
    stream.once('response', (headers) => (this.#status = headers[':status']))
    return stream
  }

  async #openBare(bytes: Buffer): Promise<void> {
    const socket = (this.#bare = this.#site.visitors.tls(this.#site.host, ['h2']))
    socket.resume()
    await within('a TLS connection', once(socket, 'secureConnect'))
    await new Promise<void>((resolve) => void socket.write(bytes, () => resolve()))
  }
}

/** Settles when a stream is over, however it ends. */
function closed(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => (stream.destroyed ? resolve() : stream.once('close', resolve)))
}

/** The preface of a client (RFC 9113 §3.4) with empty SETTINGS, and a HEADERS frame that lacks its end (§6.2). */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('000000040000000000', 'hex'),
])
const HALF_A_HEAD = Buffer.from('00000101000000000182', 'hex')

async function given({ stage, name }: Opened, upstream: StagedUpstream, key: string): Promise<void> {
  if (AT_UPSTREAM.has(stage)) await upstream.sight(key, 'gone', name)
  else upstream.forget(key)
}
