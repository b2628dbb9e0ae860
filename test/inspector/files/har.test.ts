import t from 'tap'
import { readHar } from '../../../src/inspector/files/har-read.js'
import { writeHar } from '../../../src/inspector/files/har-write.js'
import { parseWithPlace, placeOf } from '../../../src/inspector/files/json-place.js'
import { recordingOf } from '../../../src/inspector/files/recording.js'
import type { TimelineEntry } from '../../../src/inspector/exchange.js'
import { exchange } from '../support.js'
import { answer, message } from '../messages.js'

const binary = Buffer.from([0, 1, 254, 255])

function entry(kind: TimelineEntry['kind'], payload: string | Buffer, to: TimelineEntry['direction']): TimelineEntry {
  const bytes = Buffer.from(payload as string)
  const rest = { label: '', truncated: false, problem: null }
  return { number: 1, atMs: 5, direction: to, kind, bytes: bytes.length, payload: bytes, ...rest }
}

const post = exchange('0194f1b2c3400001', {
  method: 'POST',
  target: '/a/../b?x=1&y=%20</script>',
  host: 'shop.example.com:8443',
  request: message(
    ['Content-Type', 'application/json', 'X-Forwarded-Proto', 'https', 'Authorization', 'Bearer secret'],
    '{"a":"</script>é"}',
  ),
  response: answer(201, ['Content-Type', 'image/png', 'Set-Cookie', 'sid=secret', 'X-Two', '1', 'X-Two', '2'], binary, {
    trailers: [{ name: 'X-Sum', value: '9', redacted: false, secret: null }],
  }),
})

t.test('what is written is read again as it was, without secrets', async (t) => {
  const unanswered = exchange('0194f1b2c3400002', { response: null, answeredMs: null, doneMs: null, problem: 'cut' })
  const cut = exchange('0194f1b2c3400003', { response: answer(200, [], 'abc', { truncated: true, bytes: 1_000 }) })
  const odd = exchange('0194f1b2c3400004', {
    target: '*',
    host: '</script> %',
    request: message(['Host', '</script> %']),
  })
  const recordings = [post, unanswered, cut, odd].map(recordingOf)
  const text = writeHar(recordings)
  t.notMatch(text, /Bearer|sid=/)
  t.same(readHar(text, 'x.har'), recordings)
  const { log } = JSON.parse(text) as { log: { version: string; entries: { request: object; response: object }[] } }
  t.equal(log.version, '1.2')
  t.match(log.entries[0], {
    startedDateTime: new Date(post.startedAt).toISOString(),
    time: 3,
    request: {
      url: 'https://shop.example.com:8443/a/../b?x=1&y=%20</script>',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headersSize: -1,
      queryString: [{ name: 'x', value: '1' }, { name: 'y' }],
      postData: { mimeType: 'application/json', text: '{"a":"</script>é"}' },
    },
    response: { content: { size: 4, mimeType: 'image/png', text: 'AAH+/w==', encoding: 'base64' }, redirectURL: '' },
    cache: {},
    timings: { send: 1, wait: 1, receive: 1 },
  })
  t.match(log.entries[1], { response: { status: 0 } })
})

t.test('WebSocket messages as Chrome writes them', async (t) => {
  const timeline = [
    entry('text', 'hellö', 'to-upstream'),
    entry('binary', binary, 'to-visitor'),
    entry('ping', 'x', 'to-upstream'),
  ].map((each, i) => ({ ...each, number: i + 1 }))
  const socket = exchange('0194f1b2c3400004', { kind: 'websocket', timeline, response: answer(101) })
  const text = writeHar([recordingOf(socket)])
  const { log } = JSON.parse(text) as { log: { entries: Record<string, unknown>[] } }
  const time = socket.startedAt / 1000 + 0.005
  t.match(log.entries[0], {
    _resourceType: 'websocket',
    request: { url: /^ws:\/\/shop/ },
    _webSocketMessages: [
      { type: 'send', time, opcode: 1, data: 'hellö' },
      { type: 'receive', time, opcode: 2, data: 'AAH+/w==' },
      { type: 'send', opcode: 9 },
    ],
  })
  const [read] = readHar(text, 'x.har')
  t.match(read, { kind: 'websocket', timeline: timeline.map(({ atMs: _, ...rest }) => rest) })
})

t.test('what browsers write: HTTP/2 names, pseudo-fields, forms without text, members that are left out', async (t) => {
  const har = {
    log: {
      version: '1.2',
      entries: [
        {
          startedDateTime: '2026-01-02T03:04:05.678+01:00',
          request: {
            method: 'POST',
            url: 'https://shop.example.com',
            httpVersion: 'h2',
            headers: [
              { name: ':authority', value: 'shop.example.com' },
              { name: 'accept', value: '*/*' },
            ],
            postData: { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a b', value: '1&2' }] },
          },
          response: { status: 204, statusText: 'No Content' },
        },
      ],
    },
  }
  t.match(readHar(`\ufeff${JSON.stringify(har)}`, 'x.har'), [
    {
      startedAt: Date.parse('2026-01-02T02:04:05.678Z'),
      scheme: 'https',
      host: 'shop.example.com',
      target: '/',
      protocol: 'HTTP/2.0',
      request: { fields: [{ name: 'accept', value: '*/*' }], body: Buffer.from('a+b=1%262') },
      response: { status: 204, bytes: 0, truncated: false },
      sendingMs: null,
    },
  ])
})

t.test('a file that is no HAR is refused with line, column and place', async (t) => {
  const wrong: [string, RegExp][] = [
    ['', /^x\.har, line 1, column 1: it is no JSON: it ends in the middle/],
    ['{"log":\n  {"entries": [}}', /line 2, column 16: it is no JSON: a value is missing/],
    ['{\n"log": {"a": "b\n"}}', /line 2, column 16: it is no JSON: a string has a character that must be escaped/],
    ['{"log": 1} x', /line 1, column 12: it is no JSON: nothing may follow/],
    ['{"a" 1}', /column 6: it is no JSON: a colon/],
    ['[1 2]', /column 4: it is no JSON: a comma or \]/],
    ['{1:2}', /column 2: it is no JSON: the name of a member/],
    ['"abc', /column 5: it is no JSON: it ends in the middle of a string/],
    ['[]', /line 1, column 1: the file: /],
    ['{"log":\n {"version":"1.2"}}', /line 2, column 2: log\.entries: it is missing/],
    [
      writeHar([recordingOf(post)]).replace(/"url":"[^"]*"/, '"url":"nowhere"'),
      /line 2, column \d+: log\.entries\[0\]\.request\.url: it is no URL/,
    ],
    [writeHar([recordingOf(post)]).replace('"status":201', '"status":"201"'), /entries\[0\]\.response\.status: /],
  ]
  for (const [text, message] of wrong) {
    t.throws(() => readHar(text, 'x.har'), { code: 'UR_HAR_INVALID', exitCode: 2, message }, text.slice(0, 30))
  }
  t.throws(() => readHar('\x1b[2J', 'x\x1b.har'), { message: /^[^\x1b]*$/ }, 'nothing of it moves the cursor')
})

t.test('what would be more than one line of a head is refused, with its place', async (t) => {
  const field = () => ({ name: 'a', value: 'b' })
  const entry = {
    startedDateTime: '2026-01-01T00:00:00Z',
    request: { method: 'GET', url: 'http://a.example/', headers: [field()], _trailers: [field()] },
    response: { status: 200, statusText: 'OK', headers: [field()] },
    _uniroute: {},
  }
  const fileOf = (changed: object): string => JSON.stringify({ log: { entries: [entry, changed] } }, null, 1)
  t.equal(readHar(fileOf(entry), 'x.har').length, 2)
  const places: readonly [place: string, value: (bad: string) => string][] = [
    ['request.method', (bad) => `GET${bad}`],
    ['request.url', (bad) => `http://a.example/${bad}x`],
    ['request._target', (bad) => `/${bad}`],
    ['request.headers[0].name', (bad) => `a${bad}`],
    ['request.headers[0].value', (bad) => `b${bad}c: d`],
    ['request._trailers[0].value', (bad) => bad],
    ['response.statusText', (bad) => `OK${bad}`],
    ['response.headers[0].name', (bad) => `${bad}a`],
    ['response.headers[0].value', (bad) => `b${bad}`],
    ['_uniroute.tunnel', (bad) => bad],
  ]
  for (const [place, value] of places) {
    for (const bad of ['\n', '\r', '\r\n', '\0']) {
      const changed: Record<string, unknown> = structuredClone(entry)
      const keys = place.split(/[.[\]]+/)
      const last = keys.pop()!
      const parent = keys.reduce((one, key) => one[key] as typeof one, changed)
      parent[last] = value(bad)
      const message = `: log.entries[1].${place}: it `
      const what = `${place} ${JSON.stringify(bad)}`
      t.throws(() => readHar(fileOf(changed), 'x.har'), { code: 'UR_HAR_INVALID', message }, what)
      t.throws(() => readHar(fileOf(changed), 'x.har'), { message: /^x\.har, line [2-9]\d, column \d+: / }, what)
    }
  }
})

t.test('a file in which very much is wrong is refused as one in which one thing is', async (t) => {
  const many = Array.from({ length: 100_000 }, () => ({}))
  const { request, ...entry } = {
    startedDateTime: '2026-01-01T00:00:00Z',
    request: { method: 'GET', url: 'http://a.example/' },
    response: { status: 200 },
  }
  const files: Readonly<Record<string, unknown>> = {
    'log.entries[0].startedDateTime': { log: { entries: many } },
    'log.entries[0].request.headers[0].name': {
      log: { entries: [{ ...entry, request: { ...request, headers: many } }] },
    },
  }
  for (const [place, har] of Object.entries(files)) {
    const text = JSON.stringify(har)
    const before = process.memoryUsage().heapUsed
    t.throws(() => readHar(text, 'x.har'), { code: 'UR_HAR_INVALID', message: `${place}: it is missing` })
    const taken = process.memoryUsage().heapUsed - before
    t.ok(taken < 100_000_000, `${taken} bytes`)
  }
})

t.test('places in JSON', async (t) => {
  const text = '{"a":{"b":[1,\n {"c\\u0064" : "x\\n\\"", "e": 1e3}]},\r\n"f":true}'
  t.same(placeOf(text, []), { line: 1, column: 1 })
  t.same(placeOf(text, ['a', 'b', 1]), { line: 2, column: 2 })
  t.same(placeOf(text, ['a', 'b', 1, 'cd']), { line: 2, column: 15 })
  t.same(placeOf(text, ['f']), { line: 3, column: 5 })
  t.same(placeOf(text, ['a', 'b', 7, 'x']), { line: 1, column: 11 }, 'what is not there: around it')
  t.same(parseWithPlace(text), JSON.parse(text))
  t.throws(() => parseWithPlace('['.repeat(100_000)), { message: /nested/ })
  const long = `{"a":"${'\\"x'.repeat(1_000_000)}`
  t.throws(
    () => readHar(long, 'x'),
    { message: new RegExp(`line 1, column ${long.length + 1}:`) },
    'it ends in a string',
  )
})
