import t from 'tap'
import { ResponseHeaders } from '../../../../src/proxy/http/headers/index.js'
import { namesOf, valuesOf } from './support.js'

const plain = new ResponseHeaders({ add: [], remove: [] })
const facts = { status: 200, version: '1.1', requestId: 'id' } as const

t.test('a response keeps what is its own and gets the id of the request', async (t) => {
  const fields = [
    'Content-Type',
    'text/html',
    'Set-Cookie',
    'a=1',
    'set-cookie',
    'b=2',
    'Content-Length',
    '3',
    'X-Request-Id',
    'x',
  ]
  const before = [...fields]
  t.same(plain.rewrite(fields, facts), [
    ...[
      'Content-Type',
      'text/html',
      'Set-Cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'Content-Length',
      '3',
      'X-Request-Id',
      'id',
    ],
  ])
  t.same(fields, before)
})

t.test('fields of the connection are removed, and what Connection names', async (t) => {
  const fields = [
    'Connection',
    'keep-alive, X-Hop, Content-Length',
    'Keep-Alive',
    'timeout=5',
    'Proxy-Connection',
    'x',
    'X-Hop',
    '1',
  ]
  const out = plain.rewrite([...fields, 'Content-Length', '3', 'Upgrade', 'h2c', 'Proxy-Authenticate', 'Basic'], facts)
  t.same(namesOf(out), ['content-length', 'x-request-id'])
})

t.test('Content-Length does not go beside a transfer coding', async (t) => {
  t.same(namesOf(plain.rewrite(['Transfer-Encoding', 'chunked', 'Content-Length', '3'], facts)), ['x-request-id'])
})

t.test('Upgrade stays where it is part of the answer', async (t) => {
  const fields = ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Accept', 'x']
  const switched = plain.rewrite(fields, { ...facts, status: 101 })
  t.same(valuesOf(switched, 'upgrade'), ['websocket'])
  t.same(valuesOf(switched, 'connection'), ['Upgrade'])
  t.same(valuesOf(plain.rewrite(fields, { ...facts, status: 426 }), 'upgrade'), ['websocket'])
  t.same(valuesOf(plain.rewrite(fields, facts), 'upgrade'), [])
  t.same(namesOf(plain.rewrite(fields, { ...facts, status: 426, version: '2' })), [
    'sec-websocket-accept',
    'x-request-id',
  ])
})

t.test('the user’s edits: removed first, ours among them, then added', async (t) => {
  const edits = { add: ['Set-Cookie', 'c=3', 'X-Frame-Options', 'DENY'], remove: ['Server', 'x-request-id'] }
  const out = new ResponseHeaders(edits).rewrite(['server', 'nginx', 'Set-Cookie', 'a=1'], facts)
  t.same(out, ['Set-Cookie', 'a=1', 'Set-Cookie', 'c=3', 'X-Frame-Options', 'DENY'])
})

t.test('an informational response is left as it came, but for the fields of the connection', async (t) => {
  const headers = new ResponseHeaders({ add: ['X-Added', '1'], remove: ['link'] })
  const fields = ['Link', '</a.css>; rel=preload', 'Connection', 'close']
  t.same(headers.rewrite(fields, { ...facts, status: 103 }), ['Link', '</a.css>; rel=preload'])
})

t.test('a response of HTTP/2 has no pseudo-headers left', async (t) => {
  t.same(namesOf(plain.rewrite([':status', '200', 'a', 'b'], facts)), ['a', 'x-request-id'])
})
