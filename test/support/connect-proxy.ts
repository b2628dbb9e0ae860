import http from 'node:http'
import net from 'node:net'
import { listen, type Owner } from './places.js'

/** An HTTP proxy that knows CONNECT only. `requests` holds the targets that were asked for. */
export interface ConnectProxy {
  readonly url: string
  readonly requests: string[]
}

/** Starts a CONNECT proxy on loopback; with `user` it demands `Proxy-Authorization: Basic`. */
export async function startConnectProxy(t: Owner, user?: { name: string; password: string }): Promise<ConnectProxy> {
  const requests: string[] = []
  const sockets = new Set<net.Socket>()
  const wanted = user && `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`
  const server = http.createServer((_, response) => response.writeHead(405).end())
  server.on('connect', (request, near: net.Socket, head: Buffer) => {
    sockets.add(near)
    near.on('error', () => near.destroy())
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      near.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n')
      return
    }
    requests.push(request.url ?? '')
    const { hostname, port } = new URL(`http://${request.url ?? ''}`)
    const far = net.connect(Number(port), hostname, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.write(head)
      near.pipe(far).pipe(near)
    })
    sockets.add(far)
    far.on('error', () => near.destroy())
    far.on('close', () => near.destroy())
    near.on('close', () => far.destroy())
  })
  const port = await listen(server)
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const login = user === undefined ? '' : `${user.name}:${user.password}@`
  return { url: `http://${login}127.0.0.1:${port}`, requests }
}
