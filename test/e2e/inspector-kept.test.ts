import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import * as schemas from '../../src/inspector/api/schemas.js'
import { request } from '../admin/support.js'
import { Curl } from '../support/curl.js'
import { eventually } from '../support/hang.js'
import { run as runProgram } from '../support/processes.js'
import { BIN } from '../support/product.js'
import { HttpProduct } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { program, temporaryFolder } from '../support/places.js'

const run = promisify(execFile)

const uniroute = (...args: string[]) => runProgram(process.execPath, [BIN.uniroute, ...args])

t.test('what a visitor sent is seen, replayed, copied, saved and kept across a restart', async (t) => {
  const product = await HttpProduct.start(t)
  const got: string[] = []
  const { port } = await upstream(t, (incoming, response) => {
    got.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization}`)
    response.writeHead(200, { 'Content-Type': 'application/json', 'Set-Cookie': 'sid=hush' })
    incoming.resume().on('end', () => response.end(JSON.stringify({ number: got.length })))
  })
  const folder = await temporaryFolder(t)
  const flags = ['--inspect-addr', '127.0.0.1:0', '--inspect-store', path.join(folder, 'kept'), '--inspect-reveal']
  const env = { XDG_CONFIG_HOME: folder }
  const first = await product.agent(t, port, 'shop', flags, { env })
  const inspectorOf = async (agent: typeof first) => new URL(String((await agent.process.event('ready'))['inspector']))
  let url = await inspectorOf(first)
  const call = (at: string, method = 'GET', body?: unknown) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const options = { host: url.hostname, port: url.port, path: at, method, headers }
    return request(options, body === undefined ? null : JSON.stringify(body))
  }
  t.match((await call('/api/tunnels')).body, { tunnels: [{ public_url: /^https:/ }] }, 'there from the event on')
  const curl = await Curl.at(product, '1.1')
  await curl.run('-d', '{"sku":"tea"}', '-H', 'Authorization: Bearer hush', product.url('shop', '/orders?x=1'))

  const [row] = await eventually('the exchange', async () => {
    const { exchanges } = schemas.ExchangePage.parse((await call('/api/inspect/exchanges')).body)
    if (exchanges[0]?.state !== 'done') throw new Error('not yet')
    return exchanges
  })
  t.match(row, { method: 'POST', target: '/orders?x=1', status: 200, visitor: '127.0.0.1', tunnel: 'http-' + port })
  const id = row!.id
  const detail = await call(`/api/inspect/exchanges/${id}`)
  schemas.ExchangeDetail.parse(detail.body)
  t.notMatch(detail.text, 'hush')

  const { body } = await call(`/api/inspect/exchanges/${id}/replay`, 'POST', {})
  t.match(schemas.ReplayResult.parse(body), {
    exchange: { replayOf: id, status: 200 },
    diff: { same: false, body: { kind: 'json', entries: [{ key: '/number', before: 1, after: 2 }] } },
    omitted: [],
  })
  t.equal(got[1], 'POST /orders?x=1 Bearer hush', 'with the secret that was kept')

  const shell = await program('sh', 'dash')
  const script = `curl --noproxy '*' -s ${url.origin}/api/tunnels | grep -o '"public_url":"https:[^"]*"' | cut -d'"' -f4`
  t.equal((await run(shell, ['-c', script])).stdout.trim(), product.url('shop', '').replace(/\/$/, ''))
  t.match((await call('/api/requests/http?limit=1')).body, {
    requests: [{ request: { method: 'POST' }, duration: Number }],
  })
  await eventually('the connection among those of the last minute', async () => {
    const { tunnels } = (await call('/api/tunnels')).body as { tunnels: { metrics: { conns: { rate1: number } } }[] }
    if (!tunnels.some(({ metrics }) => metrics.conns.rate1 > 0)) throw new Error('not yet')
  })
  t.match(schemas.InspectorStatus.parse((await call('/api/inspect/status')).body), {
    state: 'online',
    tunnels: [{ requests: { count: 1, open: 0 }, connections: { count: Number }, publicUrl: /^https/ }],
    timeSpent: { waiting: Number },
    verdict: /\w/,
    capture: { canReveal: true, store: /kept$/ },
  })
  t.match(await call('/'), { status: 200, headers: { 'content-type': /^text\/html/ } }, 'the pages are there')
  const [, script1] = /<script[^>]* src="\.?([^"]+)"/.exec((await call('/')).text) ?? []
  t.match(await call(script1!), {
    status: 200,
    headers: { 'content-type': /^text\/javascript/, 'cache-control': /immutable/ },
  })

  t.match(await call('/api/inspect/suites/shop', 'PUT', { exchanges: [id] }), { status: 204 })
  const suite = path.join(folder, 'uniroute', 'suites', 'shop.har')
  const replayed = await uniroute(
    'replay',
    suite,
    '--upstream',
    String(port),
    '--ignore-json',
    '/number',
    '--fail-on-diff',
  )
  t.match(replayed, { code: 0, out: /1 same, 0 different/ })

  await first.process.end()
  const second = await product.agent(t, port, 'shop', flags, { env })
  url = await inspectorOf(second)
  const after = schemas.ExchangePage.parse((await call('/api/inspect/exchanges')).body)
  t.same(
    after.exchanges.map((each) => each.replayOf ?? each.id),
    [id, id],
    'both are there',
  )
  const revealed = schemas.ExchangeDetail.parse((await call(`/api/inspect/exchanges/${id}`)).body)
  t.ok(
    revealed.request.fields.every(({ secret }) => secret === null),
    'without their secrets',
  )
})
