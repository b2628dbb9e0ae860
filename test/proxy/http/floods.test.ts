import { once } from 'node:events'
import { constants } from 'node:http2'
import t from 'tap'
import { within } from '../../support/hang.js'
import { call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'

t.test('what is too slow or too long ends in its time, and its bound', async (t) => {
  const chunk = Buffer.alloc(64 * 1024)
  const { port } = await upstream(t, (request, response) => {
    request.resume()
    if (request.url !== '/endless') return void request.on('end', () => response.end('ok'))
    const more = (): void => {
      while (response.write(chunk));
    }
    response.on('drain', more)
    more()
  })
  const limits = { http_header_timeout: '1s', http_body_timeout: '1s', http_header_bytes: '8KiB' }
  const tunnels = await HttpTunnels.start(t, limits)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })

  t.match(await tunnels.raw(HOST, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: `), /^HTTP\/1\.1 408 /, 'slow headers')
  const long = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: ${'a'.repeat(9_000)}\r\n\r\n`
  t.match(await tunnels.raw(HOST, long), /^HTTP\/1\.1 431 /, 'long headers')
  const slow = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 10\r\n\r\nabc`
  t.match(await tunnels.raw(HOST, slow), /^HTTP\/1\.1 408 [^]*UR_HTTP_SLOW_VISITOR/, 'a slow body')

  const reader = tunnels.tls(HOST)
  reader.write(`GET /endless HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  await within('the head', once(reader, 'data'))
  reader.pause()
  const gone = once(reader, 'close')
  setTimeout(() => reader.resume(), 4_000)
  await within('the end of a slow reader', gone)

  const session = tunnels.http2(HOST)
  t.equal((await call2(session, '/', { headers: { 'x-a': 'a'.repeat(20_000) } })).status, 431, 'long headers by HTTP/2')
})

t.test('requests that are broken off faster than allowed end the connection (rapid reset)', async (t) => {
  const { port } = await upstream(t, () => undefined)
  const tunnels = await HttpTunnels.start(t, { http2_reset_rate: 50, http2_streams: 100 })
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const session = tunnels.http2(HOST)
  const away = once(session, 'goaway')
  let sent = 0
  const flood = (): void => {
    for (let i = 0; i < 20 && !session.destroyed && !session.closed; i++) {
      const stream = session.request({ ':path': '/' })
      stream.on('error', () => undefined)
      stream.on('ready', () => stream.close(constants.NGHTTP2_CANCEL))
      sent++
    }
    if (!session.destroyed && !session.closed && sent < 5_000) setImmediate(flood)
  }
  flood()
  const [code] = (await within('GOAWAY', away)) as [number]
  t.equal(code, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  t.ok(sent < 5_000, `${sent} requests`)
  const page = await (await fetch(`http://${tunnels.daemon.addresses.metrics}/metrics`)).text()
  t.match(page, /uniroute_http_failures_total\{reason="UR_HTTP_FLOOD"\} [1-9]/)
})
