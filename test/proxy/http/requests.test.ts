import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { request } from 'node:https'
import t from 'tap'
import { within } from '../../support/hang.js'
import { answered, call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'

t.test('requests of both versions, their bodies, and the fields that are and are not passed on', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    const body: Buffer[] = []
    request.on('data', (chunk: Buffer) => body.push(chunk))
    request.on('end', () => {
      const { method, url, rawHeaders } = request
      const seen = { method, url, headers: rawHeaders, body: Buffer.concat(body).toString() }
      const told = JSON.stringify(seen)
      response.writeHead(201, 'Made', { 'x-a': ['1', '2'], 'content-length': told.length, 'keep-alive': 'timeout=9' })
      response.end(told)
    })
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const host = 'shop.localhost'

  const headers = { connection: 'x-hop, close', 'x-hop': 'no', 'x-kept': 'yes', te: 'trailers, deflate' }
  const first = await tunnels.call(host, '/a?b=c', { method: 'POST', headers, body: 'hello' })
  t.equal(first.status, 201)
  const seen = JSON.parse(first.body) as { method: string; url: string; headers: string[]; body: string }
  t.match(seen, { method: 'POST', url: '/a?b=c', body: 'hello' })
  t.ok(seen.headers.includes('x-kept'))
  t.notOk(seen.headers.includes('x-hop'))
  t.equal(seen.headers.filter((name) => name.toLowerCase() === 'host').length, 1)
  t.same(
    first.rawHeaders.filter((_, i, all) => all[i & ~1]?.toLowerCase() === 'x-a'),
    ['x-a', '1', 'x-a', '2'],
  )
  t.notOk(first.rawHeaders.includes('timeout=9'), 'the keep-alive of the upstream is its own')

  const session = tunnels.http2(host)
  for (const method of ['GET', 'OPTIONS', 'DELETE', 'PUT']) {
    const { status, body } = await call2(session, '/x', { method, body: 'with a body' })
    t.equal(status, 201)
    t.match(JSON.parse(body), { method, url: '/x', body: 'with a body' })
  }
  const head = await call2(session, '/x', { method: 'HEAD' })
  t.equal(head.status, 201)
  t.match(head.headers['content-length'], /^\d+$/)
  t.equal(head.body, '')
  t.equal((await tunnels.call(host, '/x', { method: 'HEAD' })).status, 201)
})

t.test('trailers, both ways and in both versions', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('body')
      response.addTrailers({ 'x-sum': `${request.trailers['x-in'] ?? 'none'}` })
      response.end()
    })
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const host = 'shop.localhost'
  const message = request({
    host: '127.0.0.1',
    port: tunnels.port,
    servername: host,
    ca: tunnels.ca,
    method: 'POST',
    headers: { host, trailer: 'x-in', 'transfer-encoding': 'chunked' },
  })
  message.write('x')
  message.addTrailers([['x-in', 'one']])
  message.end()
  const first = await within('the answer', answered(message))
  t.equal(first.body, 'body')
  t.match(first.trailers, { 'x-sum': 'one' })

  const session = tunnels.http2(host)
  const stream = session.request({ ':method': 'POST', ':path': '/', te: 'trailers' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-in': 'two' }))
  stream.end('x')
  stream.resume()
  const [trailers] = (await within('trailers', once(stream, 'trailers'))) as [Record<string, string>]
  t.match(trailers, { 'x-sum': 'two' })
})

t.test('100 (Continue) comes from the upstream, or its refusal before any body; 103 is passed on', async (t) => {
  const { port, server } = await upstream(t, (request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.end('thanks')
    })
  })
  server.on('checkContinue', (request: { url: string }, response: ServerResponse) => {
    if (request.url === '/no') {
      response.writeHead(413, { connection: 'close' })
      response.end()
      return
    }
    response.writeContinue()
    server.emit('request', request, response)
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const host = 'shop.localhost'
  const options = { host: '127.0.0.1', port: tunnels.port, servername: host, ca: tunnels.ca, method: 'POST' }
  const headers = { host, expect: '100-continue', 'content-length': '4' }

  const message = request({ ...options, headers })
  message.flushHeaders()
  const hints = once(message, 'information')
  await within('100', once(message, 'continue'))
  message.end('body')
  const answer = answered(message)
  await within('103', hints)
  t.equal((await answer).body, 'thanks')

  const refused = request({ ...options, path: '/no', headers })
  refused.flushHeaders()
  let continued = false
  refused.on('continue', () => (continued = true))
  t.equal((await within('413', answered(refused))).status, 413)
  t.notOk(continued)
  refused.destroy()

  const session = tunnels.http2(host)
  const stream = session.request({ ':method': 'POST', ':path': '/', expect: '100-continue' })
  const interim = new Promise<Record<string, unknown>>((resolve) => {
    stream.on('headers', (headers) => headers[':status'] === 103 && resolve(headers))
  })
  await within('100 by HTTP/2', once(stream, 'continue'))
  stream.end('body')
  t.match(await within('103 by HTTP/2', interim), { ':status': 103, link: '</a.css>; rel=preload' })
  stream.close()
})

t.test('a body is answered while it is still sent, and events arrive one by one', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    request.on('data', (chunk: Buffer) => response.write(`data: ${chunk.toString()}\n\n`))
    request.on('end', () => response.end())
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const session = tunnels.http2('shop.localhost')
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  await within('the head', once(stream, 'response'))
  for (const word of ['one', 'two', 'three']) {
    stream.write(word)
    const [event] = (await within('an event', once(stream, 'data'))) as [Buffer]
    t.equal(event.toString(), `data: ${word}\n\n`)
  }
  stream.end()
  await within('the end', once(stream, 'end'))
})
