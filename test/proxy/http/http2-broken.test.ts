import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { constants, createServer as createHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { createServer as createTcp, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { eventually, HANG_MS, within } from '../../support/hang.js'
import { call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'

const HOST = 'shop.localhost'
/** More than all windows and buffers on the way take of a body that nobody reads. */
const MUCH = Buffer.alloc(32 * 1024 * 1024)

t.test('an answer before the end of a body that nobody reads ends the request', async (t) => {
  const asked: ServerResponse[] = []
  const { port } = await upstream(t, (_request, response) => asked.push(response))
  const { tunnels, session } = await start(t, port)
  const stream = await stuckUpload(session)
  asked[0]?.writeHead(413).end('too much')
  const [head] = (await within('the answer', once(stream, 'response'))) as [Record<string, unknown>]
  t.equal(head[':status'], 413)
  await within('the end', once(stream.resume(), 'end'))
  await noneInFlight(tunnels)
  t.equal(session.destroyed, false)
})

for (const code of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]) {
  t.test(`a visitor who breaks a body off that nobody reads, with code ${code}`, async (t) => {
    const { port } = await upstream(t, () => undefined)
    const { tunnels, session } = await start(t, port)
    const stream = await stuckUpload(session)
    stream.close(code)
    await noneInFlight(tunnels)
    t.equal(session.destroyed, false)
  })
}

t.test('an upstream that is lost breaks off what was handed to another protocol', async (t) => {
  const sockets: Socket[] = []
  const http1 = createTcp((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      socket.on('data', (chunk) => socket.write(chunk))
    })
  })
  const http2 = echo2()
  http2.on('connection', (socket: Socket) => sockets.push(socket))
  for (const server of [http1, http2]) t.teardown(() => server.close())
  for (const [upstreamProtocol, server] of [['http1', http1] as const, ['http2', http2] as const]) {
    const { session } = await start(t, await listen(server), { upstreamProtocol })
    const stream = await upgraded(session)
    sockets.pop()?.resetAndDestroy()
    await within('the end', closed(stream))
    t.equal(stream.rstCode, constants.NGHTTP2_CANCEL, `by ${upstreamProtocol}: as RFC 8441 §5 has it`)
  }
})

t.test('many upgrades behind the first request of an upstream of HTTP/2 wait for its SETTINGS', async (t) => {
  const warned: string[] = []
  const onWarning = ({ message }: Error): number => warned.push(message)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const server = echo2()
  t.teardown(() => server.close())
  const { session } = await start(t, await listen(server), { upstreamProtocol: 'http2' })
  const streams = await Promise.all(Array.from({ length: 24 }, () => upgraded(session)))
  for (const stream of streams) stream.close()
  t.same(warned, [])
})

t.test('answers that an upstream breaks off are not counted as resets by the visitor', async (t) => {
  const { port } = await upstream(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('some of it', () => response.destroy())
  })
  const { session } = await start(t, port, {}, { http2_reset_rate: 5 })
  for (let i = 0; i < 20; i++) await t.rejects(call2(session, '/'), { code: 'ERR_HTTP2_STREAM_ERROR' })
  t.equal(session.closed, false)
})

t.test('an upstream that ends its connection in the middle of an answer has not answered', async (t) => {
  const server = createHttp2()
  server.on('sessionError', () => undefined)
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    const path = headers[':path'] ?? ''
    stream.respond({ ':status': 200, ...(path.endsWith('sized') && { 'content-length': 20 }) })
    const socket = sockets.at(-1)
    const hangUp = () => {
      if (path.includes('reset')) socket?.resetAndDestroy()
      else if (path.includes('goaway')) stream.session?.destroy()
      else socket?.end()
    }
    if (path.startsWith('/part')) stream.write('some of it', hangUp)
    else stream.end('all of it, 20 bytes.', hangUp)
  })
  t.teardown(() => server.close())
  const { tunnels, session } = await start(t, await listen(server), { upstreamProtocol: 'http2' })
  for (const path of [
    '/part',
    '/part-sized',
    '/part-reset',
    '/part-reset-sized',
    '/part-goaway',
    '/part-goaway-sized',
  ]) {
    await t.rejects(call2(session, path), { code: 'ERR_HTTP2_STREAM_ERROR' }, `${path} by HTTP/2`)
    await t.rejects(within('the answer', tunnels.call(HOST, path)), { code: 'ECONNRESET' }, `${path} by HTTP/1.1`)
  }
  for (const path of ['/whole', '/whole-sized']) t.equal((await call2(session, path)).body, 'all of it, 20 bytes.')
})

/** A visitor's session with a tunnel to that port. */
async function start(t: Test, port: number, http = {}, limits = {}) {
  const tunnels = await HttpTunnels.start(t, limits)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http })
  const session = tunnels.http2(HOST, { maxSessionMemory: 64 })
  await within('settings', once(session, 'remoteSettings'))
  return { tunnels, session }
}

/** A body of which nothing more is taken. */
async function stuckUpload(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  stream.on('error', () => undefined)
  stream.write(MUCH)
  let before = 0
  const look = () => {
    const { bytesWritten } = session.socket
    const moved = bytesWritten > before || bytesWritten < 100_000
    before = bytesWritten
    return moved ? Promise.reject(new Error(`${bytesWritten} bytes were sent`)) : Promise.resolve()
  }
  await eventually('the body to be held up', look, HANG_MS, 100)
  return stream
}

/** A stream that has gone over to an echo. */
async function upgraded(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
  const head = { ':method': 'CONNECT', ':protocol': 'echo', ':path': '/', ':scheme': 'https', ':authority': HOST }
  const stream = session.request(head)
  stream.on('error', () => undefined)
  stream.write('a word')
  t.equal(String((await within('an echo', once(stream, 'data')))[0]), 'a word')
  return stream
}

function echo2() {
  const server = createHttp2({ settings: { enableConnectProtocol: true } })
  server.on('sessionError', () => undefined)
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  })
  return server
}

function closed(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => (stream.destroyed ? resolve() : stream.once('close', resolve)))
}

function noneInFlight({ daemon }: HttpTunnels): Promise<void> {
  return eventually('the end of the request', async () => {
    const page = await (await fetch(`http://${daemon.addresses.metrics}/metrics`)).text()
    if (!/^uniroute_http_requests_in_flight 0$/m.test(page)) throw new Error('it is in flight')
  })
}
