import { connect, createServer } from 'node:http2'
import t, { type Test } from 'tap'
import { TokenBucket } from '../../../src/core/token-bucket.js'
import type { ResponseSink } from '../../../src/proxy/http/api.js'
import { Http2Request } from '../../../src/proxy/http/http2-request.js'
import { eventually, within } from '../../support/hang.js'
import { HttpTunnels } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'

// An upstream by HTTP/2 that answers before it has read the request, and wants no more of it (RFC 9113 §8.1).

const HOST = 'shop.localhost'
const BODY = Buffer.alloc(500_000, 7)
const TIMES = 12

async function start(t: Test): Promise<HttpTunnels> {
  const server = createServer((request, response) => {
    request.on('error', () => undefined)
    response.statusCode = 413
    if (request.url === '/none') return void response.end()
    if (request.url !== '/cut') return void response.end('no')
    response.write('half')
    setTimeout(() => response.stream.close(0), 50)
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  return tunnels
}

/** What came of a request by HTTP/1.1, until it was whole or the connection was closed. */
async function byHttp1(tunnels: HttpTunnels, path: string): Promise<string> {
  const socket = tunnels.tls(HOST)
  let text = ''
  const over = new Promise<void>((resolve) => {
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.endsWith('\r\n0\r\n\r\n') || /Content-Length: 0\r\n[^]*\r\n\r\n$/.test(text)) resolve()
    })
  })
  socket.write(`POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${BODY.length}\r\n\r\n`)
  socket.write(BODY)
  await within('the end of the answer', over)
  socket.destroy()
  return text
}

/** What came of one by HTTP/2; null: it was broken off. */
async function byHttp2(tunnels: HttpTunnels, path: string): Promise<string | null> {
  const session = tunnels.http2(HOST)
  const stream = session.request({ ':method': 'POST', ':path': path })
  stream.on('error', () => undefined)
  let text = ''
  let whole = false
  stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  stream.on('end', () => (whole = !stream.aborted && stream.rstCode === 0))
  const over = new Promise<void>((resolve) => stream.on('close', resolve).on('end', () => whole && resolve()))
  stream.end(BODY)
  await within('the end of the answer', over)
  session.destroy()
  return whole ? text : null
}

function noneInFlight({ daemon }: HttpTunnels): Promise<void> {
  return eventually('the end of all requests', async () => {
    const page = await (await fetch(`http://${daemon.addresses.metrics}/metrics`)).text()
    if (!/^uniroute_http_requests_in_flight 0$/m.test(page)) throw new Error('one is in flight')
  })
}

t.test('a whole answer comes whole, and nothing is left of the request', async (t) => {
  const tunnels = await start(t)
  for (let i = 0; i < TIMES; i++) {
    t.match(await byHttp1(tunnels, '/'), /^HTTP\/1\.1 413 [^]*\r\n\r\n2\r\nno\r\n0\r\n\r\n$/)
    t.equal(await byHttp2(tunnels, '/'), 'no')
    t.match(await byHttp1(tunnels, '/none'), /^HTTP\/1\.1 413 /)
    t.equal(await byHttp2(tunnels, '/none'), '')
  }
  await noneInFlight(tunnels)
})

t.test('half an answer is not taken for a whole one, and nothing is left of the request', async (t) => {
  const tunnels = await start(t)
  for (let i = 0; i < TIMES; i++) {
    t.match(await byHttp1(tunnels, '/cut'), /\r\n\r\n4\r\nhalf\r\n$/)
    t.equal(await byHttp2(tunnels, '/cut'), null)
  }
  await noneInFlight(tunnels)
})

t.test('what comes of a request behind the end that its upstream made of it is dropped', async (t) => {
  const server = createServer((request, response) => {
    request.on('error', () => undefined)
    response.end('no')
  })
  const session = connect(`http://127.0.0.1:${await listen(server)}`)
  t.teardown(() => (session.destroy(), server.close()))
  const limited = new TokenBucket({ now: () => 0 }, { burst: 10, perSecond: 10 })
  const line = { requests: new Set<Http2Request>(), answered: false, resets: limited, worn: false, waiting: null }
  for (let i = 0; i < TIMES; i++) {
    const ended = new Promise<void>((resolve, reject) => {
      const sink: ResponseSink = {
        movable: false,
        onInform: () => undefined,
        onRespond: () => undefined,
        onData: () => true,
        onEnd: () => resolve(),
        onUpgrade: () => undefined,
        onWritable: () => undefined,
        onError: reject,
      }
      const request = new Http2Request(sink, line, () => undefined)
      const stream = session.request({ ':method': 'POST', 'content-length': 2 * BODY.length })
      request.begin(stream, false)
      stream.once('aborted', () => t.equal(request.write(BODY), true, 'there is room for all of it'))
      request.write(BODY)
    })
    await within('the end of the answer', ended)
  }
})
