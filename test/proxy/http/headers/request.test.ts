import t from 'tap'
import { MAX_PASSES } from '../../../../src/proxy/http/headers/index.js'
import { forward, namesOf, REQUEST_ID } from './support.js'

t.test('a plain request gets what the upstream has to know, and keeps what is its own', async (t) => {
  const fields = ['Host', 'shop.example.com', 'User-Agent', 'curl/8', 'Accept', '*/*', 'X-Shop', 'a', 'x-shop', 'b']
  const before = [...fields]
  const { fields: out, passes } = forward(fields)
  t.same(fields, before, 'what came is not changed')
  t.same(out, [
    ...['Host', 'shop.example.com', 'User-Agent', 'curl/8', 'Accept', '*/*', 'X-Shop', 'a', 'x-shop', 'b'],
    ...['Forwarded', 'for=203.0.113.9;host=shop.example.com;proto=https', 'X-Forwarded-For', '203.0.113.9'],
    ...['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'shop.example.com', 'X-Forwarded-Port', '443'],
    ...['Via', '1.1 uniroute', 'X-Request-Id', REQUEST_ID],
    ...['traceparent', `00-${REQUEST_ID}-${REQUEST_ID.slice(0, 16)}-01`],
  ])
  t.equal(passes, 0)
})

t.test('fields of the connection are removed (RFC 9110 §7.6.1)', async (t) => {
  const { fields } = forward([
    ...['Host', 'a', 'Connection', 'keep-alive', 'KEEP-ALIVE', 'timeout=5', 'Proxy-Connection', 'keep-alive'],
    ...[
      'Transfer-Encoding',
      'chunked',
      'upgrade',
      'h2c',
      'HTTP2-Settings',
      'AAMAAABk',
      'Proxy-Authorization',
      'Basic eA==',
    ],
    ...['TE', 'gzip;q=0.5', 'Proxy-Authenticate', 'Basic', 'Trailer', 'X-Sum'],
  ])
  for (const name of ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings'])
    t.notOk(namesOf(fields).includes(name), name)
  for (const name of ['proxy-authorization', 'proxy-authenticate', 'te']) t.notOk(namesOf(fields).includes(name), name)
  t.ok(namesOf(fields).includes('trailer'), 'trailers are passed on, so their announcement is')
})

t.test('what Connection names is removed as well', async (t) => {
  const fields = [
    'Host',
    'a',
    'X-Hop',
    '1',
    'connection',
    'close, X-Hop ,x-other',
    'X-Other',
    '2',
    'X-Stays',
    '3',
    'Cookie',
    'a=b',
  ]
  const { values } = forward([...fields, 'Connection', 'Cookie'])
  t.same(values('x-hop'), [])
  t.same(values('x-other'), [])
  t.same(values('cookie'), [])
  t.same(values('x-stays'), ['3'])
})

t.test('Connection cannot take away what is set here, nor the frame of the message', async (t) => {
  const ours = [
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Request-Id',
  ]
  const named = [...ours, 'Via', 'traceparent', 'Host', 'Content-Length', 'X-Secret']
  const { fields, values } = forward(
    ['Connection', `close, ${named.join(', ')}`, 'Content-Length', '3', 'X-Forwarded-For', '6.6.6.6'],
    {},
    { edits: { add: ['X-Secret', 'from the user'], remove: [] } },
  )
  for (const name of named) t.equal(values(name).length, 1, name)
  t.same(values('x-forwarded-for'), ['203.0.113.9'])
  t.equal(fields[0], 'Host')
})

t.test('TE: trailers is kept, whatever stands beside it', async (t) => {
  for (const te of ['trailers', 'Trailers', 'gzip, trailers', 'trailers;q=0.5', 'deflate ,\ttrailers ']) {
    t.same(forward(['TE', te]).values('te'), ['trailers'], te)
  }
  for (const te of ['gzip', 'x-trailers', '']) t.same(forward(['TE', te]).values('te'), [], te)
})

t.test('Upgrade is kept for an upgrade, and only then', async (t) => {
  const fields = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', 'eA==']
  const upgraded = forward(fields, { upgrade: 'websocket' })
  t.same(upgraded.values('upgrade'), ['websocket'])
  t.same(upgraded.values('connection'), ['Upgrade'])
  t.same(upgraded.values('sec-websocket-key'), ['eA=='])
  const plain = forward(fields)
  t.same(plain.values('upgrade'), [])
  t.same(plain.values('connection'), [])
})

t.test('Content-Length does not go beside a transfer coding, nor twice, nor in two minds', async (t) => {
  t.same(forward(['Content-Length', '3', 'Transfer-Encoding', 'chunked']).values('content-length'), [])
  t.same(forward(['content-length', '3', 'Content-Length', '3']).values('content-length'), ['3'])
  t.same(forward(['Content-Length', '3', 'Content-Length', '4']).values('content-length'), [])
  t.same(forward(['Content-Length', '3', 'Content-Length', '4', 'Content-Length', '4']).values('content-length'), [])
  t.same(forward(['Content_Length', '3']).values('content_length'), [], 'nor under the name that CGI takes for it')
})

t.test('a request of HTTP/2 becomes one without pseudo-headers, and with one Cookie', async (t) => {
  const { fields, values } = forward(
    [
      ':method',
      'GET',
      ':path',
      '/',
      ':authority',
      'shop.example.com',
      ':scheme',
      'https',
      'cookie',
      'a=1',
      'cookie',
      'b=2',
    ],
    { version: '2' },
  )
  t.notOk(fields.some((part, i) => i % 2 === 0 && part.startsWith(':')))
  t.same(values('host'), ['shop.example.com'])
  t.same(values('cookie'), ['a=1; b=2'])
  t.same(values('via'), ['2 uniroute'])
})

t.test('Host is what the user wants it to be, and the visitor’s own in X-Forwarded-Host', async (t) => {
  const { values } = forward(['Host', 'shop.example.com', 'host', 'other.example'], {}, { host: 'localhost:3000' })
  t.same(values('host'), ['localhost:3000'])
  t.same(values('x-forwarded-host'), ['shop.example.com'])
})

t.test('the user’s edits: removed first, ours among them, then added', async (t) => {
  const edits = {
    add: ['X-Team', 'shop', 'X-Team', 'two', 'User-Agent', 'tunnel'],
    remove: ['user-agent', 'X-Forwarded-For', 'Via'],
  }
  const { values, fields } = forward(['User-Agent', 'curl', 'X-Team', 'visitor', 'Accept', '*/*'], {}, { edits })
  t.same(values('user-agent'), ['tunnel'])
  t.same(values('x-team'), ['visitor', 'shop', 'two'], 'adding takes nothing away')
  t.same(values('x-forwarded-for'), [])
  t.same(values('via'), [])
  t.same(values('accept'), ['*/*'])
  t.same(fields.slice(-6), edits.add)
})

t.test('Proxy, which CGI would make HTTP_PROXY, goes', async (t) => {
  t.same(forward(['Proxy', 'http://evil.example', 'PROXY', 'x']).values('proxy'), [])
})

t.test('Via is added to, and tells how often the request passed here', async (t) => {
  t.same(forward(['Via', '1.0 fred', 'via', '1.1 nginx']).values('via'), ['1.0 fred, 1.1 nginx, 1.1 uniroute'])
  t.equal(forward(['Via', '1.1 uniroute, 1.1 other, 2 uniroute (comment)']).passes, 2)
  t.equal(forward(['Via', 'uniroute, 1.1 uniroute2, 1.1 not-uniroute']).passes, 0)
  let fields: readonly string[] = []
  let passes = 0
  for (let hop = 0; hop <= MAX_PASSES + 1; hop++) ({ fields, passes } = forward(fields))
  t.ok(passes > MAX_PASSES, 'a loop is noticed')
})

t.test('a list that ends in a name without a value ends before it', async (t) => {
  t.same(forward(['Accept', '*/*', 'X-Odd']).values('x-odd'), [])
})
