import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { decodeBody, DECODED_BYTES } from '../../../src/inspector/files/body.js'
import { type Narrowing, testOf } from '../../../src/inspector/search/filter.js'
import { search } from '../../../src/inspector/search/search.js'
import { exchange } from '../support.js'
import { answer, message } from '../messages.js'

const order = exchange('0000000000000001', {
  method: 'POST',
  target: '/Orders?id=7',
  doneMs: 120,
  request: message(['User-Agent', 'curl/8', 'Authorization', 'Bearer secret'], '{"sku":"Tea"}'),
  response: answer(
    404,
    ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'],
    gzipSync('{"error":"No Stock"}'),
    {
      codings: ['gzip'],
    },
  ),
})
const open = exchange('0000000000000002', { kind: 'sse', tunnel: 'other', response: null, doneMs: null })

t.test('each filter narrows', async (t) => {
  const yes: Narrowing[] = [
    {},
    { method: 'post' },
    { path: 'orders' },
    { status: '404' },
    { status: '4xx' },
    { status: '400-499' },
    { kind: 'http' },
    { tunnel: 'web' },
    { minMs: 100, maxMs: 120 },
    { minBytes: 1, maxBytes: 1_000 },
    { header: 'user-agent' },
    { header: 'User-Agent: CURL' },
    { header: 'content-type: json' },
    { body: 'no stock' },
    { body: 'TEA' },
    { q: 'post orders 404' },
    { q: '  stock CURL ' },
    { q: '' },
  ]
  const no: Narrowing[] = [
    { method: 'GET' },
    { path: '/users' },
    { status: '405' },
    { status: '5xx' },
    { status: 'none' },
    { kind: 'grpc' },
    { tunnel: 'we' },
    { minMs: 121 },
    { maxMs: 119 },
    { minBytes: 1_000 },
    { maxBytes: 1 },
    { header: 'accept' },
    { header: 'user-agent: firefox' },
    { body: 'coffee' },
    { q: 'post users' },
    { q: 'secret' },
    { status: '404', method: 'GET' },
  ]
  for (const filter of yes) t.equal(testOf(filter)(order), true, JSON.stringify(filter))
  for (const filter of no) t.equal(testOf(filter)(order), false, JSON.stringify(filter))
  t.equal(testOf({ status: 'none' })(open), true)
  t.equal(testOf({ maxMs: 1_000 })(open), false, 'what is not over has no duration')
  for (const status of ['4x', '0xx', 'abc', '12', '404-']) {
    t.throws(() => testOf({ status }), { code: 'UR_INSPECT_FILTER' }, status)
  }
  t.throws(() => testOf({ header: ' : x' }), { code: 'UR_INSPECT_FILTER' })
})

t.test('pages of what was found; others have their turn meanwhile', async (t) => {
  const many = Array.from({ length: 30 }, (_, i) => exchange(String(i).padStart(16, '0')))
  t.match(await search(many, () => true, 10), { exchanges: { length: 10 }, more: true })
  t.match(await search(many, () => true, 30), { exchanges: { length: 30 }, more: false })
  let turns = 0
  const count = () => {
    turns++
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  const slow = () => {
    const end = performance.now() + 5
    while (performance.now() < end);
    return false
  }
  await search(many, slow, 10)
  clearImmediate(timer)
  t.ok(turns >= 3, `${turns} turns`)
  const abort = new AbortController()
  abort.abort()
  let tested = 0
  await search(many, () => ++tested > 0 && slow(), 10, abort.signal)
  t.ok(tested < 30, 'it is given up when nobody waits for it')
})

t.test('bodies without their codings', async (t) => {
  const text = 'hellö '.repeat(1_000)
  const packed: [string[], Buffer][] = [
    [['gzip'], gzipSync(text)],
    [['x-gzip'], gzipSync(text)],
    [['deflate'], deflateSync(text)],
    [['deflate'], deflateRawSync(text)],
    [['br'], brotliCompressSync(text)],
    [['gzip', 'br'], brotliCompressSync(gzipSync(text))],
    [[], Buffer.from(text)],
  ]
  for (const [codings, bytes] of packed) {
    t.match(decodeBody(message([], bytes, { codings })), { text, problem: null }, codings.join())
    const half = bytes.subarray(0, bytes.length / 2)
    const cut = decodeBody(message([], half, { codings, truncated: true }))
    t.equal(cut.problem, null, 'what was cut off is decoded as far as it goes')
    t.ok(text.startsWith(cut.text ?? '-'))
  }
  t.match(decodeBody(message([], 'abc', { codings: ['zstd'] })), { bytes: Buffer.from('abc'), problem: /zstd/ })
  t.match(decodeBody(message([], 'abc', { codings: ['gzip'] })), { bytes: Buffer.from('abc'), problem: /is not gzip/ })
  const bomb = gzipSync(Buffer.alloc(DECODED_BYTES + 1))
  t.match(decodeBody(message([], bomb, { codings: ['gzip'] })), { bytes: bomb, problem: /longer than/ })
  const of = (type: string, body: Buffer | string) => decodeBody(message(['Content-Type', type], body)).text
  t.equal(of('text/html; charset="ISO-8859-1"', Buffer.from([0xe9])), 'é')
  t.equal(of('text/html', Buffer.from([0xe9])), null)
  t.equal(of('text/html; charset=nonsense', 'x'), null)
  t.equal(of('image/png', 'x'), null)
  t.equal(of('image/svg+xml', '<svg/>'), '<svg/>')
  t.equal(of('application/vnd.api+json', '{}'), '{}')
  t.equal(decodeBody(message([], 'a\0b')).text, null)
})
