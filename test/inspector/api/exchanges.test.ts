import { gzipSync } from 'node:zlib'
import t from 'tap'
import { ENDPOINTS } from '../../../src/inspector/api/app.js'
import * as schemas from '../../../src/inspector/api/schemas.js'
import type { TimelineEntry } from '../../../src/inspector/exchange.js'
import { upstream } from '../../support/http-upstream.js'
import { answer, message } from '../messages.js'
import { InspectorApi } from './support.js'

const problem = (status: number, code: string) => ({
  status,
  headers: { 'content-type': /^application\/problem\+json/, 'cache-control': 'no-store' },
  body: { status, code, detail: /\w/, type: 'about:blank', title: /\w/ },
})

const post = {
  method: 'POST',
  target: '/orders?x=</script>',
  request: message(['Authorization', 'Bearer secret', 'Content-Type', 'application/json'], '{"sku":"tea"}'),
  response: answer(
    201,
    ['Content-Type', 'text/html', 'Content-Encoding', 'gzip'],
    gzipSync('<script>alert(1)</script>'),
    {
      codings: ['gzip'],
    },
  ),
}

t.test('the list: filters, pages from one to the next', async (t) => {
  const api = await InspectorApi.start(t)
  t.match(await api.inspect('exchanges'), { status: 200, body: { exchanges: [], next: null } })
  const all = Array.from(
    { length: 25 },
    (_, i) => api.add({ target: `/${i}`, method: i % 2 ? 'GET' : 'PUT' }).id,
  ).reverse()
  const seen: string[] = []
  let before = ''
  for (;;) {
    const { body } = await api.inspect(`exchanges?limit=10${before}`)
    const page = schemas.ExchangePage.parse(body)
    seen.push(...page.exchanges.map(({ id }) => id))
    if (page.next === null) break
    before = `&before=${page.next}`
  }
  t.same(seen, all)
  const count = async (query: string) =>
    schemas.ExchangePage.parse((await api.inspect(`exchanges?${query}`)).body).exchanges.length
  t.equal(await count('method=put'), 13)
  t.equal(await count('method=put&path=/2&limit=2'), 2)
  t.equal(await count('q=get+%2F7'), 1)
  t.equal(await count('status=none'), 25)
  t.match(await api.inspect('exchanges?status=4x'), problem(422, 'UR_INSPECT_FILTER'))
  for (const query of ['limit=0', 'limit=1001', 'before=x', 'nonsense=1', 'kind=smtp', 'minMs=a', 'q=1&q=2']) {
    t.match(await api.inspect(`exchanges?${query}`), problem(422, 'UR_INSPECT_FIELD'), query)
  }
  t.match(await api.inspect('exchanges', { method: 'DELETE' }), { status: 204, text: '' })
  t.equal(api.book.size, 0)
})

t.test('one of them; its bodies, which no browser runs', async (t) => {
  const api = await InspectorApi.start(t)
  const { id } = api.add(post)
  const { body } = await api.inspect(`exchanges/${id}`)
  t.match(schemas.ExchangeDetail.parse(body), {
    id,
    status: 201,
    timing: { sendingMs: 1, waitingMs: 1, receivingMs: 1, totalMs: 3 },
    requestType: 'application/json',
    request: {
      fields: [{ name: 'Authorization', value: '[redacted]', redacted: true }, { name: 'Content-Type' }],
      body: { bytes: 13, kept: 13, text: true },
    },
    response: { body: { codings: ['gzip'], text: true, problem: null } },
  })
  t.notMatch(JSON.stringify(body), 'Bearer')
  const safe = {
    'x-content-type-options': 'nosniff',
    'content-security-policy': /default-src 'none'; sandbox/,
    'cross-origin-resource-policy': 'same-origin',
  }
  t.match(await api.inspect(`exchanges/${id}/response/body`), {
    status: 200,
    text: '<script>alert(1)</script>',
    headers: { ...safe, 'content-type': 'text/plain; charset=utf-8' },
  })
  const raw = await api.inspect(`exchanges/${id}/response/body?raw=true`)
  t.match(raw, { status: 200, headers: { ...safe, 'content-type': 'application/octet-stream' } })
  t.match((await api.inspect(`exchanges/${id}/request/body?raw=1`)).text, '{"sku":"tea"}')
  const { id: open } = api.add({ response: null })
  t.match(await api.inspect(`exchanges/${open}/response/body`), problem(404, 'UR_INSPECT_NOT_FOUND'))
  t.match(await api.inspect('exchanges/0000000000000001'), problem(404, 'UR_INSPECT_NOT_FOUND'))
  for (const path of ['exchanges/nonsense', `exchanges/${id}/neither/body`, 'exchanges/%00', 'nothing']) {
    t.match(await api.inspect(path), problem(404, 'UR_INSPECT_NOT_FOUND'), path)
  }
  t.match(await api.inspect(`exchanges/${id}`, { method: 'PUT', body: {} }), {
    ...problem(405, 'UR_INSPECT_METHOD'),
    headers: { allow: 'GET' },
  })
  t.match(await api.inspect('exchanges/%zz'), problem(400, 'UR_INSPECT_REQUEST'))
  const unknown = await api.inspect('exchanges/zzz')
  t.match(unknown, problem(404, 'UR_INSPECT_NOT_FOUND'))
  t.match(unknown.body, { detail: /id: the id of an exchange has 16 hexadecimal digits/ })
  t.match(await api.inspect('reveal', { method: 'POST', raw: '{' }), problem(400, 'UR_INSPECT_REQUEST'))
  t.match(await api.inspect('reveal', { method: 'POST', raw: '{"__proto__":{}}' }), problem(400, 'UR_INSPECT_REQUEST'))
})

t.test('messages, a page at a time', async (t) => {
  const api = await InspectorApi.start(t)
  const entry = (number: number, kind: TimelineEntry['kind'], payload: Buffer): TimelineEntry => ({
    number,
    atMs: number,
    direction: 'to-visitor',
    kind,
    bytes: payload.length,
    label: '',
    payload,
    truncated: false,
    problem: null,
  })
  const timeline = [
    entry(0, 'text', Buffer.from('</script>')),
    entry(1, 'binary', Buffer.from('x')),
    entry(2, 'text', Buffer.from([0xff, 0xff])),
    entry(3, 'event', Buffer.from('é').subarray(0, 1)),
  ]
  const { id } = api.add({ kind: 'websocket', timeline, messages: 9 })
  const page = async (query: string) =>
    schemas.MessagePage.parse((await api.inspect(`exchanges/${id}/messages${query}`)).body)
  t.match(await page(''), {
    total: 9,
    next: null,
    messages: [
      { text: '</script>', base64: null },
      { text: null, base64: 'eA==' },
      { text: null, base64: '//8=' },
      { text: '' },
    ],
  })
  t.match(await page('?limit=2'), { messages: [{ number: 0 }, { number: 1 }], next: 1 })
  t.match(await page('?limit=2&after=1'), { messages: [{ number: 2 }, { number: 3 }], next: null })
  t.match(await page('?after=3'), { messages: [], next: null })
})

t.test('values are revealed one at a time, and only where they are kept', async (t) => {
  const api = await InspectorApi.start(t, { canReveal: true })
  const { id } = api.add(post)
  const detail = schemas.ExchangeDetail.parse((await api.inspect(`exchanges/${id}`)).body)
  const secret = detail.request.fields[0]?.secret
  const ask = (body: unknown) => api.inspect('reveal', { method: 'POST', body })
  t.match(await ask({ secret }), { status: 200, body: { value: 'Bearer secret' } })
  t.match(await ask({ secret: `${id}.request.1` }), problem(404, 'UR_INSPECT_NOT_FOUND'))
  t.match(await ask({ secret: `${id}.request.99` }), problem(404, 'UR_INSPECT_NOT_FOUND'))
  t.match(await ask({ secret: 'x' }), problem(404, 'UR_INSPECT_NOT_FOUND'))
  t.match(await ask({}), problem(422, 'UR_INSPECT_FIELD'))
  t.match(await api.inspect('reveal'), problem(405, 'UR_INSPECT_METHOD'))
  const closed = await InspectorApi.start(t)
  const other = closed.add(post)
  const refused = await closed.inspect('reveal', { method: 'POST', body: { secret: `${other.id}.request.0` } })
  t.match(refused, problem(403, 'UR_INSPECT_REVEAL'))
  t.notMatch(refused.text, 'Bearer')
})

t.test('copies, differences', async (t) => {
  const api = await InspectorApi.start(t)
  const { id } = api.add(post)
  const { id: other } = api.add({ ...post, response: answer(500, [], 'x') })
  const copy = await api.inspect(`exchanges/${id}/copy?as=curl`)
  t.match(copy, { status: 200, text: /^curl .*\[redacted\]/, headers: { 'content-type': /^text\/plain/ } })
  t.match(await api.inspect(`exchanges/${id}/copy?as=wget`), problem(422, 'UR_INSPECT_FIELD'))
  const { body } = await api.inspect(`exchanges/${id}/diff/${other}`)
  t.match(schemas.ExchangeDiff.parse(body), { same: false, status: { before: 201, after: 500 } })
})

t.test('a replay: its answer as an exchange of its own, and beside the first', async (t) => {
  const { port } = await upstream(t, (_, response) =>
    response.writeHead(201, { 'Content-Type': 'text/html' }).end('new'),
  )
  const api = await InspectorApi.start(t, { upstream: String(port) })
  const { id } = api.add(post)
  const reply = await api.inspect(`exchanges/${id}/replay`, { method: 'POST', body: {} })
  const result = schemas.ReplayResult.parse(reply.body)
  t.match(result, {
    exchange: { replayOf: id, status: 201, state: 'done' },
    diff: { same: false, body: { kind: 'text', lines: [{ change: 'removed' }, { change: 'added', text: 'new' }] } },
    omitted: [],
  })
  t.match(await api.inspect(`exchanges/${result.exchange.id}`), { status: 200, body: { replayOf: id } })
  const replay = (body: unknown, of = id) => api.inspect(`exchanges/${of}/replay`, { method: 'POST', body })
  t.match(await replay({ method: 'G T' }), problem(422, 'UR_REPLAY_REQUEST'))
  t.match(await replay({ nonsense: 1 }), problem(422, 'UR_INSPECT_FIELD'))
  t.match(await replay({ body: { base64: '!' } }), problem(422, 'UR_INSPECT_FIELD'))
  t.match(await replay({ tunnel: 'nobody' }), problem(422, 'UR_REPLAY_TUNNEL'))
  t.match(await replay({ upstream: '1' }), problem(502, 'UR_UPSTREAM_REFUSED'))
  t.match(await replay({}, '0000000000000001'), problem(404, 'UR_INSPECT_NOT_FOUND'))
  const { id: cut } = api.add({ request: message([], 'x', { truncated: true, bytes: 2 }) })
  t.match(await replay({}, cut), problem(409, 'UR_REPLAY_TRUNCATED'))
  t.equal((await api.inspect(`exchanges/${id}/replay`)).status, 405, 'nothing is sent by a GET')
})

t.test('HAR out and in', async (t) => {
  const api = await InspectorApi.start(t)
  const ids = [api.add(post), api.add({ target: '/b' }), api.add({ target: '/c' })].map(({ id }) => id)
  const all = await api.inspect('exchanges.har')
  t.match(all.headers, {
    'content-type': /^application\/json/,
    'content-disposition': 'attachment; filename="uniroute.har"',
    'x-content-type-options': 'nosniff',
  })
  t.match(
    (all.body as { log: { entries: { request: { url: string } }[] } }).log.entries.map(({ request }) => request.url),
    [/orders/, /\/b$/, /\/c$/],
  )
  const some = await api.inspect(`exchanges.har?id=${ids[2]}&id=${ids[0]}`)
  t.match(some.body, { log: { entries: { length: 2 } } })
  t.match((await api.inspect('exchanges.har?path=/b')).body, { log: { entries: { length: 1 } } })
  t.match(await api.inspect('exchanges.har?id=0000000000000001'), problem(404, 'UR_INSPECT_NOT_FOUND'))
  api.book.clear()
  const taken = await api.inspect('exchanges.har', { method: 'POST', raw: all.text })
  t.match(taken, { status: 201, body: { imported: 3 } })
  t.same(
    [...api.book.newestFirst()].map(({ target }) => target),
    ['/c', '/b', post.target],
  )
  const bad = await api.inspect('exchanges.har', { method: 'POST', raw: '{"log":\n{}}' })
  t.match(bad, { ...problem(422, 'UR_HAR_INVALID'), text: /line 2, column 1: log\.entries: it is missing/ })
})

t.test('suites: saved, listed, run, deleted', async (t) => {
  let body = 'tea'
  const { port } = await upstream(t, (_, response) => response.end(body))
  const api = await InspectorApi.start(t, { upstream: String(port) })
  const { id } = api.add({ response: answer(200, [], 'tea') })
  t.match(await api.inspect('suites'), { body: { suites: [] } })
  const save = (name: string, exchanges: unknown) =>
    api.inspect(`suites/${name}`, { method: 'PUT', body: { exchanges } })
  t.match(await save('shop', [id, id]), { status: 204 })
  const { suites } = schemas.SuiteList.parse((await api.inspect('suites')).body)
  t.match(suites, [{ name: 'shop', requests: 2 }])
  const run = async (what: object = {}) =>
    schemas.SuiteRun.parse((await api.inspect('suites/shop/run', { method: 'POST', body: what })).body)
  t.match(await run(), { name: 'shop', same: 2, different: 0, failed: 0, results: [{ diff: { same: true } }, {}] })
  body = 'coffee'
  t.match(await run(), { same: 0, different: 2 })
  t.match(await run({ upstream: '1' }), { failed: 2, results: [{ problem: /could not connect/, exchange: null }, {}] })
  t.match(await api.inspect('suites/shop'), {
    headers: { 'content-disposition': 'attachment; filename="shop.har"' },
    body: { log: { entries: { length: 2 } } },
  })
  for (const name of ['..%2f..%2fx', '.hidden', 'a%20b', 'x'.repeat(65), '%1b']) {
    t.match(await save(name, [id]), problem(422, 'UR_SUITE_NAME'), name)
    t.match(await api.inspect(`suites/${name}`, { method: 'DELETE' }), { status: 422 }, name)
  }
  t.match(await save('empty', []), problem(422, 'UR_INSPECT_FIELD'))
  t.match(await save('gone', ['0000000000000001']), problem(404, 'UR_INSPECT_NOT_FOUND'))
  t.match(await api.inspect('suites/shop', { method: 'DELETE' }), { status: 204 })
  t.match(await api.inspect('suites/shop', { method: 'DELETE' }), problem(404, 'UR_SUITE_NOT_FOUND'))
  t.match(await api.inspect('suites/shop/run', { method: 'POST', body: {} }), problem(404, 'UR_SUITE_NOT_FOUND'))
})

t.test('status, connections; the description names all there is', async (t) => {
  const api = await InspectorApi.start(t)
  schemas.InspectorStatus.parse((await api.inspect('status')).body)
  api.connections.began({
    id: '1a',
    tunnel: 'db',
    visitor: '198.51.100.7',
    startedAt: 0,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: null,
    problem: null,
  })
  const { connections } = schemas.ConnectionList.parse((await api.inspect('connections')).body)
  t.match(connections, [{ id: '1a', startedAt: '1970-01-01T00:00:00.000Z' }])
  const { body } = await api.inspect('openapi.json')
  const { paths, openapi } = body as { openapi: string; paths: Record<string, Record<string, unknown>> }
  t.equal(openapi, '3.1.0')
  for (const { method, path } of ENDPOINTS) t.ok(paths[path]?.[method.toLowerCase()], `${method} ${path}`)
  for (const { method, path } of ENDPOINTS.filter(({ method }) => method === 'GET')) {
    t.notMatch(path, /replay|run|reveal|clear/, `${method} changes nothing`)
  }
})
