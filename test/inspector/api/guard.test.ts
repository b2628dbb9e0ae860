import { rm } from 'node:fs/promises'
import path from 'node:path'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { ENDPOINTS } from '../../../src/inspector/api/app.js'
import { answer, message } from '../messages.js'
import { InspectorApi } from './support.js'

t.test('a name that is made to lead here finds nothing (DNS rebinding)', async (t) => {
  const api = await InspectorApi.start(t)
  const paths = ['/', '/api/inspect/status', '/api/tunnels', '/assets/index-B1x2y3z4.js', '/nothing']
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '-']) {
    for (const path of paths) {
      t.match((await api.call(path, { headers: { host } })).status, 421, `${host} ${path}`)
    }
  }
  for (const host of ['127.0.0.1', 'localhost:4040', '[::1]:4040', 'inspector.example.com:4040', '192.0.2.1']) {
    for (const path of paths.slice(0, 4)) t.match(await api.call(path, { headers: { host } }), { status: 200 }, host)
  }
})

t.test('a page of another site changes nothing, and reads nothing', async (t) => {
  const api = await InspectorApi.start(t)
  const { id } = api.add()
  const host = `127.0.0.1:${api.port}`
  const elsewhere: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: `http://127.0.0.1:${api.port + 1}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
  ]
  const changing: [string, string][] = [
    ...ENDPOINTS.filter(({ method }) => method !== 'GET').map(({ method, path }): [string, string] => [
      method,
      path.replace('{id}', id).replace('{name}', 'x'),
    ]),
    ['POST', '/api/tunnels'],
    ['DELETE', '/api/tunnels/web'],
    ['PUT', '/api/endpoints/web'],
    ['POST', '/api/requests/http'],
    ['DELETE', '/api/requests/http'],
  ]
  for (const headers of elsewhere) {
    for (const [method, path] of changing) {
      const body = method === 'DELETE' ? {} : { body: {} }
      const reply = await api.call(path, { method, ...body, headers: { host, ...headers } })
      t.equal(reply.status, 403, `${method} ${path} ${JSON.stringify(headers)}`)
      t.equal(reply.headers['access-control-allow-origin'], undefined)
    }
    for (const path of ['/api/inspect/exchanges', '/api/requests/http', '/api/tunnels']) {
      t.equal((await api.call(path, { headers: { host, ...headers } })).status, 403, path)
    }
  }
  for (const [method, path] of changing.filter(([method]) => method !== 'DELETE')) {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonp',
    ]) {
      const call = { method, raw: '{}', headers: { 'content-type': type } }
      t.equal((await api.call(path, call)).status, 415, `${method} ${path} ${type}`)
    }
  }
  const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'DELETE' }
  const asked = await api.call('/api/inspect/exchanges', { method: 'OPTIONS', headers: preflight })
  t.match(asked.status, 403)
  t.equal(asked.headers['access-control-allow-methods'], undefined)
  t.equal(api.book.size, 1, 'all is as it was')
  const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }
  t.match(await api.call('/api/inspect/exchanges', { method: 'DELETE', headers: own }), { status: 204 })
})

t.test('pages that were not built are said to be so', async (t) => {
  const api = await InspectorApi.start(t)
  await rm(path.join(api.pages, 'index.html'))
  t.match(await api.call('/'), { status: 404, text: /npm run build/ })
  t.match(await api.call('/requests'), { status: 302, headers: { location: '/' } })
})

t.test('a link leads to the pages from anywhere; they are never in a frame, and run only what is theirs', async (t) => {
  const api = await InspectorApi.start(t)
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  t.match(await api.call('/inspect/http', { headers: link }), { status: 302, headers: { location: '/' } })
  for (const path of ['/', '/?x=1', '/index.html']) {
    t.match(await api.call(path, { headers: link }), {
      status: 200,
      text: /<title>Inspector/,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': /default-src 'self';.*frame-ancestors 'none'/,
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      },
    })
  }
  const { headers } = await api.call('/')
  t.notMatch(headers['content-security-policy'], /unsafe|sandbox/)
  t.match(await api.call('/assets/index-B1x2y3z4.js'), {
    headers: { 'content-type': /^text\/javascript/, 'cache-control': /immutable/ },
  })
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets\\..\\..\\secret.txt',
    '/secret.txt',
    '/assets/',
    '/nothing.js',
    '/.git/config',
    '/%00',
  ]) {
    const { status, text } = await api.call(path)
    t.notMatch(text, /^secret/, path)
    t.ok(status === 404 || status === 302, path)
  }
  t.match(await api.call('/', { method: 'POST', body: {} }), { status: 405, headers: { allow: 'GET, HEAD' } })
  t.match(await api.call('/', { method: 'HEAD' }), { status: 200, text: '' })
})

t.test('whatever was captured, in every field: no answer is one that a browser runs', async (t) => {
  const evil = '</script><img src=x onerror=alert(1)>'
  const api = await InspectorApi.start(t)
  const { id } = api.add({
    tunnel: evil,
    visitor: evil,
    target: `/${evil}`,
    host: evil,
    protocol: evil,
    requestId: evil,
    problem: evil,
    request: message([evil, evil, 'Content-Type', 'text/html'], evil),
    response: answer(200, [evil, evil, 'Content-Type', 'text/html'], evil),
    timeline: [
      {
        number: 0,
        atMs: 0,
        direction: 'to-visitor',
        kind: 'text',
        bytes: 1,
        label: evil,
        payload: Buffer.from(evil),
        truncated: false,
        problem: evil,
      },
    ],
  })
  await api.inspect('suites/evil', { method: 'PUT', body: { exchanges: [id] } })
  const paths = [
    ...ENDPOINTS.filter(({ method, response }) => method === 'GET' && response !== 'events').map(({ path }) => path),
    '/api/requests/http',
    '/api/requests/http/{id}',
    '/api/tunnels',
  ]
  for (const template of paths) {
    const path = template.replace('{id}', id).replace('{other}', id).replace('{name}', 'evil')
    const { status, headers } = await api.call(
      `${path.replace('{part}', 'response')}${path.endsWith('copy') ? '?as=curl' : ''}`,
    )
    t.equal(status, 200, path)
    t.match(headers['content-type'], /^(application\/json|text\/plain|application\/octet-stream)/, path)
    t.match(headers, { 'x-content-type-options': 'nosniff', 'content-security-policy': /sandbox/ }, path)
  }
})

/** Sends bytes, and returns all that comes back. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(bytes)
  return text(socket)
}

t.test('what is no request, or too long to be one, is refused as everything else is', async (t) => {
  const api = await InspectorApi.start(t)
  const rows: readonly [what: string, bytes: string, status: string][] = [
    [
      'a long URL',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
    [
      'a long field',
      `GET / HTTP/1.1\r\nHost: localhost\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
    ['no HTTP', 'nonsense\r\n\r\n', '400 Bad Request'],
  ]
  for (const [what, bytes, status] of rows) {
    const answer = await raw(api.port, bytes)
    t.match(answer, `HTTP/1.1 ${status}\r\n`, what)
    t.match(answer, /\r\ncontent-type: application\/problem\+json\r\n/, what)
    t.match(answer, /"code":"UR_INSPECT_REQUEST"/, what)
    t.match(answer, /What to do: /, what)
    t.match(answer, /x-content-type-options: nosniff/, what)
  }
  for (const length of [900, 1_100, 8_000]) {
    const reply = await api.call(`/api/inspect/suites/${'x'.repeat(length)}`)
    t.match(reply.headers['content-type'], 'application/problem+json', `${length}`)
    t.match(reply.text, /"code":"UR_/, `${length}`)
  }
})
