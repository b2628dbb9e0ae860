import { createServer, type Socket } from 'node:net'
import { listen, type Owner } from './places.js'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'

/** What came over one connection, in latin1. */
export interface Seen {
  text: string
  /** It is a whole request, and was answered. */
  whole: boolean
}

/** An upstream that keeps every byte as it came, and answers one request on each connection. */
export class RawUpstream {
  port = 0
  readonly #seen: Seen[] = []

  private constructor() {}

  static async start(t: Owner): Promise<RawUpstream> {
    const upstream = new RawUpstream()
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      upstream.#take(socket)
    })
    upstream.port = await listen(server)
    t.teardown(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    return upstream
  }

  /** What came since the last time, a connection each. */
  taken(): Seen[] {
    return this.#seen.splice(0)
  }

  #take(socket: Socket): void {
    const seen: Seen = { text: '', whole: false }
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      if (seen.text === '') this.#seen.push(seen)
      seen.text += chunk.toString('latin1')
      if (seen.whole || !isWhole(seen.text)) return
      seen.whole = true
      socket.end(ANSWER)
    })
  }
}

/** Whether this is a request with all of its body, for a reader who believes its head. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const body = text.slice(end + 4)
  if (/^transfer-encoding: chunked$/im.test(text.slice(0, end))) return /(?:^|\r\n)0\r\n(?:.+\r\n)*\r\n$/.test(body)
  const length = /^content-length: (\d+)$/im.exec(text.slice(0, end))
  return body.length >= Number(length?.[1] ?? 0)
}
