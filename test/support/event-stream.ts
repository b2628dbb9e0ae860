import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:https'
import type { Readable } from 'node:stream'
import type { Version } from './curl.js'
import { within } from './hang.js'
import { upstream } from './http-upstream.js'
import type { HttpVisitors } from './http-visitors.js'
import type { Owner } from './places.js'

/** An upstream of server-sent events, for one listener at a time, who says when. */
export class EventSourceUpstream {
  port = 0
  #response: ServerResponse | null = null

  static async start(t: Owner): Promise<EventSourceUpstream> {
    const source = new EventSourceUpstream()
    const { port } = await upstream(t, (_, response) => {
      source.#response = response
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.flushHeaders()
    })
    source.port = port
    return source
  }

  send(data: string): void {
    this.#response?.write(`data: ${data}\n\n`)
  }

  end(): void {
    this.#response?.end()
  }
}

/** Listens to the events behind a tunnel, by either version of HTTP. */
export class EventStream {
  readonly #body: Readable
  #text = ''
  #wake: () => void = () => undefined

  private constructor(body: Readable) {
    this.#body = body
    body.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString()
      this.#wake()
    })
  }

  /** Resolves when the head of the answer is here. */
  static async open(visitors: HttpVisitors, host: string, version: Version): Promise<EventStream> {
    const body = new Promise<Readable>((resolve, reject) => {
      if (version === '2') {
        const stream = visitors.http2(host).request({ ':path': '/events' })
        stream.once('error', reject).once('response', () => resolve(stream))
        return
      }
      const at = { host: '127.0.0.1', port: visitors.port, servername: host, ca: visitors.ca, path: '/events' }
      const message = request({ ...at, headers: { host }, agent: false })
      message.once('error', reject).once('response', (response: IncomingMessage) => resolve(response))
      message.end()
    })
    return new EventStream(await within('the event stream', body))
  }

  /** Data of the next event. */
  next(): Promise<string> {
    const event = new Promise<string>((resolve) => {
      this.#wake = () => {
        const end = this.#text.indexOf('\n\n')
        if (end < 0) return
        const [, data = ''] = this.#text.slice(0, end).split('data: ')
        this.#text = this.#text.slice(end + 2)
        resolve(data)
      }
      this.#wake()
    })
    return within('an event', event)
  }

  /** Settles at the end of the stream. */
  get end(): Promise<void> {
    return within('the end of the events', new Promise((resolve) => this.#body.once('end', () => resolve())))
  }
}
