import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:https'
import t, { type Test } from 'tap'
import { within } from '../../../support/hang.js'
import { keptAlive, login, metric, optionsFrom } from '../../../support/http-rules.js'
import { answered, call2, HttpTunnels, upstream, type Call } from '../../../support/http-tunnel.js'
import { freePort } from '../../../support/places.js'

const HOST = 'shop.localhost'
const SECRET = 'hush'

const hmac = (text: string | Buffer) => createHmac('sha256', SECRET).update(text).digest('hex')
const github = (body: string | Buffer) => ({ 'x-hub-signature-256': `sha256=${hmac(body)}` })
const stripe = (body: string, at = Math.floor(Date.now() / 1000)) => ({
  'stripe-signature': `t=${at},v1=${hmac(`${at}.${body}`)}`,
})
const post = (body: string | Buffer, headers: Record<string, string>): Call => ({ method: 'POST', body, headers })

/** An upstream that answers with the length of what it got, or fails while `failing` is set. */
async function receiver(t: Test, keys: Record<string, unknown>) {
  const got: { body: Buffer; headers: Record<string, unknown> }[] = []
  const state = { got, failing: false }
  const { port } = await upstream(t, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (chunk: Buffer) => parts.push(chunk))
    request.on('end', () => {
      got.push({ body: Buffer.concat(parts), headers: request.headers })
      response.writeHead(state.failing ? 500 : 200)
      response.end('got')
    })
  })
  const tunnels = await HttpTunnels.start(t)
  const options = optionsFrom({ verify_webhook_secret: SECRET, ...keys })
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { options } })
  return { tunnels, ...state, fail: (failing: boolean) => (state.failing = failing) }
}

t.test('only what is signed gets through, as it was signed, on each request of a connection', async (t) => {
  const { tunnels, got } = await receiver(t, { verify_webhook: 'github' })
  const kept = keptAlive(t, tunnels, HOST)
  const session = tunnels.http2(HOST)
  const ways = {
    'HTTP/1.1': (call: Call) => kept('/hook', call),
    'HTTP/2': (call: Call) => call2(session, '/hook', call),
  }
  for (const [way, call] of Object.entries(ways)) {
    t.equal((await call(post('{"a":1}', github('{"a":1}')))).status, 200, way)
    const forged = await call(post('{"a":2}', github('{"a":1}')))
    t.match(forged, { status: 403, headers: { 'x-uniroute-error': 'UR_WEBHOOK_SIGNATURE' } }, way)
    t.equal((await call(post('{"a":1}', {}))).status, 403)
    t.equal((await call({ headers: github('') })).status, 200, 'a signed request without a body')
    t.equal((await call({})).status, 403)
    t.same(
      got.splice(0).map(({ body }) => body.toString()),
      ['{"a":1}', ''],
    )
  }
  t.equal(await metric(tunnels, 'uniroute_http_webhook_bytes'), 0, 'what was kept is given back')
})

t.test('a body of unknown length, with its trailers, and one of 5 MiB', async (t) => {
  const { tunnels, got } = await receiver(t, { verify_webhook: 'github' })
  const chunked = request({
    host: '127.0.0.1',
    port: tunnels.port,
    servername: HOST,
    ca: tunnels.ca,
    method: 'POST',
    headers: { host: HOST, 'transfer-encoding': 'chunked', ...github('onetwo') },
  })
  chunked.write('one')
  chunked.end('two')
  t.equal((await within('the answer', answered(chunked))).status, 200)
  const long = Buffer.alloc(5 * 1024 * 1024, 'webhook ')
  t.equal((await call2(tunnels.http2(HOST), '/', post(long, github(long)))).status, 200)
  t.equal(got[0]?.body.toString(), 'onetwo')
  t.ok(got[1]?.body.equals(long))
})

t.test('who waits to be told to send is told so here, and the upstream is not asked', async (t) => {
  const { tunnels, got } = await receiver(t, { verify_webhook: 'github' })
  const message = request({
    host: '127.0.0.1',
    port: tunnels.port,
    servername: HOST,
    ca: tunnels.ca,
    method: 'POST',
    headers: { host: HOST, expect: '100-continue', 'content-length': '4', ...github('body') },
  })
  message.flushHeaders()
  await within('100', once(message, 'continue'))
  t.equal(got.length, 0)
  message.end('body')
  t.equal((await within('the answer', answered(message))).status, 200)
  t.equal(got[0]?.headers['expect'], undefined)
})

t.test('a signed time: once, and again only when the upstream did not take it', async (t) => {
  const { tunnels, got, fail } = await receiver(t, { verify_webhook: 'stripe' })
  const session = tunnels.http2(HOST)
  const signed = stripe('event')
  fail(true)
  t.equal((await call2(session, '/', post('event', signed))).status, 500)
  fail(false)
  t.equal((await call2(session, '/', post('event', signed))).status, 200)
  t.match(await call2(session, '/', post('event', signed)), {
    status: 403,
    headers: { 'x-uniroute-error': 'UR_WEBHOOK_REPLAYED' },
  })
  const old = stripe('event', Math.floor(Date.now() / 1000) - 301)
  t.match(await call2(session, '/', post('event', old)), { headers: { 'x-uniroute-error': 'UR_WEBHOOK_EXPIRED' } })
  t.equal(got.length, 2)
})

t.test('Twilio signs the address that it called', async (t) => {
  const { tunnels, got } = await receiver(t, { verify_webhook: 'twilio' })
  const url = `https://${HOST}:${tunnels.port}/sms?x=1`
  const signature = createHmac('sha1', SECRET).update(`${url}BodyHiFrom+1555`).digest('base64')
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature }
  const call = { method: 'POST', body: 'From=%2B1555&Body=Hi', headers, host: `${HOST}:${tunnels.port}` }
  t.equal((await tunnels.call(HOST, '/sms?x=1', call)).status, 200)
  t.equal((await tunnels.call(HOST, '/sms?x=2', call)).status, 403)
  t.equal(got.length, 1)
})

t.test('bounds: the body of one, and the time that it may take', async (t) => {
  const { tunnels, got } = await receiver(t, { verify_webhook: 'github', max_body: '10B' })
  t.equal((await tunnels.call(HOST, '/', post('a'.repeat(11), github('a'.repeat(11))))).status, 413)
  const session = tunnels.http2(HOST)
  const stream = session.request({ ':method': 'POST', ':path': '/', ...github('a'.repeat(11)) })
  stream.write('a'.repeat(11))
  const [head] = (await within('413', once(stream, 'response'))) as [Record<string, unknown>]
  t.equal(head[':status'], 413)
  t.equal((await call2(session, '/', post('a'.repeat(10), github('a'.repeat(10))))).status, 200)
  t.equal(got.length, 1)

  const slow = await HttpTunnels.start(t, { http_body_timeout: '1s' })
  const options = optionsFrom({ verify_webhook: 'github', verify_webhook_secret: SECRET })
  await slow.agent({ name: 'web', upstream: 9, subdomain: 'shop', http: { options } })
  const never = slow.http2(HOST).request({ ':method': 'POST', ':path': '/', ...github('never') })
  never.write('nev')
  const [late] = (await within('408', once(never, 'response'))) as [Record<string, unknown>]
  t.match(late, { ':status': 408, 'x-uniroute-error': 'UR_HTTP_SLOW_VISITOR' })
  t.equal(await metric(slow, 'uniroute_http_webhook_bytes'), 0)
})

t.test('what is kept can be sent again: an agent whose upstream refuses costs no webhook', async (t) => {
  const got: string[] = []
  const { port } = await upstream(t, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      got.push(body)
      response.end()
    })
  })
  const tunnels = await HttpTunnels.start(t)
  // Each agent has salts of its own, so that the rules of the two are not quite the same.
  const keys = { verify_webhook: 'stripe', verify_webhook_secret: SECRET, basic_auth: 'ann:correct horse', rate: '6/h' }
  const http = { pool: 'round-robin', options: optionsFrom(keys) } as const
  await tunnels.agent({ name: 'a', upstream: await freePort(), subdomain: 'shop', http })
  await tunnels.agent({ name: 'b', upstream: port, subdomain: 'shop', http })
  const session = tunnels.http2(HOST)
  for (const event of ['one', 'two', 'three']) {
    const headers = { ...stripe(event), ...login('ann', 'correct horse') }
    t.equal((await call2(session, '/', post(event, headers))).status, 200)
    t.equal((await call2(session, '/', post(event, headers))).status, 403, 'whichever agent got it')
  }
  const seventh = { ...stripe('four'), ...login('ann', 'correct horse') }
  t.equal((await call2(session, '/', post('four', seventh))).status, 429, 'each counted once')
  t.same(got, ['one', 'two', 'three'])
})
