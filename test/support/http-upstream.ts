import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcp } from 'node:net'
import { listen, type Owner } from './places.js'

/** An upstream in this process. Resolves with its port. */
export async function upstream(t: Owner, listener: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer(listener)
  const port = await listen(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, server }
}

/** An upstream that goes over to another protocol at once: a greeting, an echo, and a word at the end. Resolves with its port. */
export async function switchingUpstream(t: Owner): Promise<number> {
  const server = createTcp({ allowHalfOpen: true }, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello ')
      socket.on('data', (chunk) => socket.write(chunk))
      socket.on('end', () => socket.end(' bye'))
    })
  })
  t.teardown(() => server.close())
  return listen(server)
}

/** An upstream that answers each request with its name, and takes a moment for that. */
export class NamedUpstream {
  readonly name: string
  port = 0
  /** Requests that it has and has not answered, with the path of each. */
  readonly open = new Map<ServerResponse, string>()
  /** Requests that it ever had. */
  total = 0
  readonly #waiting = new Set<() => void>()

  private constructor(name: string) {
    this.name = name
  }

  static async start(t: Owner, name: string, takesMs: number): Promise<NamedUpstream> {
    const named = new NamedUpstream(name)
    const { port } = await upstream(t, (request, response) => {
      named.total++
      named.open.set(response, request.url ?? '')
      response.once('close', () => named.open.delete(response))
      request.resume()
      setTimeout(() => response.end(name), takesMs).unref()
      for (const look of named.#waiting) look()
    })
    named.port = port
    return named
  }

  /** Settles in the moment in which it has so many requests at once. */
  readonly busy = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = () => {
        if (this.open.size < count) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
}
