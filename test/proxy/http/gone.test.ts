import http2 from 'node:http2'
import t from 'tap'
import { within } from '../../support/hang.js'
import { HttpTunnels, upstream } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'
const VISITORS = 64
const ROUNDS = 3

t.test('visitors by HTTP/2 who end while something is on its way to them leave no connection behind', async (t) => {
  const body = 'x'.repeat(1024)
  const { port } = await upstream(t, (_request, response) => response.end(body))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  for (let round = 0; round < ROUNDS; round++) {
    await within('visits', Promise.all(Array.from({ length: VISITORS }, (_, i) => visit(tunnels, 5 + i))))
  }
  await within('the end of all connections', noneLeft(tunnels))
})

/** Asks for so many answers, one after the other, and in the middle of the last says that it goes, and goes. */
function visit(tunnels: HttpTunnels, answers: number): Promise<void> {
  const socket = tunnels.tls(HOST, ['h2'])
  const session = http2.connect(`https://${HOST}`, { createConnection: () => socket })
  session.on('error', () => undefined)
  return new Promise((resolve) => {
    let left = answers
    const ask = (): void => {
      const stream = session.request({ ':path': '/' })
      stream.on('error', () => undefined)
      stream.resume()
      stream.once('end', () => {
        if (--left > 0) ask()
      })
      if (left > 1) return
      setImmediate(() => {
        session.goaway(http2.constants.NGHTTP2_NO_ERROR)
        socket.end()
        setImmediate(() => {
          socket.destroy()
          resolve()
        })
      })
    }
    session.once('connect', ask)
  })
}

async function noneLeft({ daemon }: HttpTunnels): Promise<void> {
  for (;;) {
    const page = await (await fetch(`http://${daemon.addresses.metrics}/metrics`)).text()
    if (/^uniroute_connections 0$/m.test(page)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
