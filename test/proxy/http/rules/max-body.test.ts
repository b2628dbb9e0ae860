import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import t, { type Test } from 'tap'
import { eventually, within } from '../../../support/hang.js'
import { keptAlive, metric, optionsFrom } from '../../../support/http-rules.js'
import { answered, call2, HttpTunnels, upstream } from '../../../support/http-tunnel.js'

const HOST = 'shop.localhost'
const MOST = 100_000

/** A tunnel that takes bodies of 100 kB; `whole` has those that its upstream took for whole, `broken` counts the others. */
async function bounded(t: Test, answersEarly = false) {
  const whole: number[] = []
  let broken = 0
  let asked = 0
  const { port } = await upstream(t, (request, response) => {
    asked++
    let length = 0
    request.on('data', (chunk: Buffer) => (length += chunk.length))
    request.on('aborted', () => broken++)
    if (answersEarly) response.write('early ')
    request.on('end', () => {
      whole.push(length)
      response.end(String(length))
    })
  })
  const tunnels = await HttpTunnels.start(t)
  const options = optionsFrom({ max_body: `${MOST}B` })
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { options } })
  return { tunnels, whole, broken: () => broken, asked: () => asked }
}

function post(tunnels: HttpTunnels, headers: Record<string, string | number> = {}) {
  const options = { host: '127.0.0.1', port: tunnels.port, servername: HOST, ca: tunnels.ca, method: 'POST' }
  return request({ ...options, headers: { host: HOST, ...headers } })
}

t.test('a length that is announced is answered at once, on any request of a connection', async (t) => {
  const { tunnels, whole, asked } = await bounded(t)
  const kept = keptAlive(t, tunnels, HOST)
  const session = tunnels.http2(HOST)
  const good = Buffer.alloc(MOST)
  t.equal((await kept('/', { method: 'POST', body: good })).body, String(MOST))
  t.equal((await call2(session, '/', { method: 'POST', body: good })).body, String(MOST))
  const message = post(tunnels, { 'content-length': MOST + 1 })
  message.flushHeaders()
  t.match(await within('413', answered(message)), { status: 413, headers: { 'x-uniroute-error': 'UR_BODY_TOO_LARGE' } })
  message.destroy()
  t.equal((await kept('/', { method: 'POST', body: Buffer.alloc(MOST + 1) })).status, 413)
  t.equal((await kept('/', { method: 'POST', body: good })).status, 200, 'the connection serves on')
  const stream = session.request({ ':method': 'POST', ':path': '/', 'content-length': String(MOST + 1) })
  const [head] = (await within('413', once(stream, 'response'))) as [Record<string, unknown>]
  t.equal(head[':status'], 413)
  stream.close()
  t.equal((await call2(session, '/', { method: 'POST', body: good })).status, 200, 'the connection serves on')
  t.equal(asked(), 4)
  t.same(whole, [MOST, MOST, MOST, MOST])
})

t.test('who asks before he sends is told before he sends', async (t) => {
  const { tunnels, asked } = await bounded(t)
  const message = post(tunnels, { expect: '100-continue', 'content-length': MOST + 1 })
  let continued = false
  message.on('continue', () => (continued = true))
  message.flushHeaders()
  t.equal((await within('413', answered(message))).status, 413)
  t.notOk(continued)
  t.equal(asked(), 0)
  message.destroy()
})

t.test('a body of unknown length is cut off, and the upstream does not take it for whole', async (t) => {
  const { tunnels, whole, broken, asked } = await bounded(t)
  const message = post(tunnels, { 'transfer-encoding': 'chunked' })
  message.on('error', () => undefined)
  const answer = new Promise<IncomingMessage>((resolve) => message.once('response', resolve))
  for (let i = 0; i < 2; i++) message.write(Buffer.alloc(MOST / 2))
  await eventually('the upstream is asked', async () => assert.equal(asked(), 1))
  message.write('x')
  const response = await within('413', answer)
  t.equal(response.statusCode, 413)
  response.resume()
  message.destroy()

  const session = tunnels.http2(HOST)
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  for (let i = 0; i < 2; i++) stream.write(Buffer.alloc(MOST / 2))
  await eventually('the upstream is asked', async () => assert.equal(asked(), 2))
  stream.write('x')
  const [head] = (await within('413', once(stream, 'response'))) as [Record<string, unknown>]
  t.match(head, { ':status': 413, 'x-uniroute-error': 'UR_BODY_TOO_LARGE' })
  let page = ''
  stream.on('data', (chunk: Buffer) => (page += chunk.toString()))
  await within('the end', once(stream, 'close'))
  t.match(page, /larger than this tunnel takes/)
  t.equal(stream.rstCode, 0, 'in good order')
  t.equal((await call2(session, '/', { method: 'POST', body: 'small' })).body, '5', 'the connection serves on')
  t.same(whole, [5])
  await eventually('the upstream learns of both', async () => assert.equal(broken(), 2))
  t.equal(await metric(tunnels, 'uniroute_http_failures_total{reason="UR_BODY_TOO_LARGE"}'), 2)
})

t.test('when the answer has begun already it is broken off', async (t) => {
  const { tunnels, whole } = await bounded(t, true)
  const session = tunnels.http2(HOST)
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  const broken = once(stream, 'error')
  stream.write('x')
  await within('the head', once(stream, 'response'))
  stream.resume()
  for (let i = 0; i < 3; i++) stream.write(Buffer.alloc(MOST / 2))
  t.match(await within('the break', broken), [{ code: 'ERR_HTTP2_STREAM_ERROR' }])
  t.same(whole, [])
})
