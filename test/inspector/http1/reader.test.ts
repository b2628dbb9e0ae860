import t from 'tap'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { costOf } from '../../../src/inspector/cost.js'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { essence, everyCut, play, type PlayOptions, type Step } from '../support.js'

const http1 = (steps: readonly Step[], options: PlayOptions = {}) =>
  play((sink) => new Http1Reader(sink), steps, options)

const GET = 'GET /a?token=abc HTTP/1.1\r\nHost: shop.example.com\r\nX-Request-Id: r1\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello'

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** Conversations, and what must be read of them. */
const CONVERSATIONS: Readonly<Record<string, { steps: readonly Step[]; read: readonly object[] }>> = {
  'a request without a body': {
    steps: [
      ['>', GET],
      ['<', OK],
    ],
    read: [
      {
        line: 'GET /a?token=[redacted] shop.example.com http done',
        request: { fields: ['Host: shop.example.com', 'X-Request-Id: r1'], body: '', bytes: 0 },
        response: { status: 200, reason: 'OK', body: 'hello', bytes: 5, truncated: false },
        problem: null,
      },
    ],
  },
  'one after another': {
    steps: [
      ['>', 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc'],
      ['<', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['>', '\r\nHEAD /b HTTP/1.1\r\nHost: h\r\n\r\n'],
      ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n'],
      ['>', 'GET /c HTTP/1.1\r\nHost: h\r\n\r\n'],
      ['<', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n'],
      ['>', 'GET /d HTTP/1.1\r\nHost: h\r\n\r\n'],
      ['<', 'HTTP/1.1 200\r\n\r\nuntil'],
      ['<', ' close'],
      ['<|'],
    ],
    read: [
      { line: 'POST /a h http done', request: { body: 'abc' }, response: { status: 204, body: '' } },
      { line: 'HEAD /b h http done', response: { status: 200, body: '', bytes: 0 } },
      { line: 'GET /c h http done', response: { status: 304, body: '' } },
      { line: 'GET /d h http done', response: { status: 200, reason: '', body: 'until close', bytes: 11 } },
    ],
  },
  'pipelined requests': {
    steps: [
      [
        '>',
        'GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPUT /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxyGET /3 HTTP/1.1\r\nHost: h\r\n\r\n',
      ],
      [
        '<',
        'HTTP/1.1 200 A\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 201 B\r\nContent-Length: 0\r\n\r\nHTTP/1.1 202 C\r\nContent-Length: 1\r\n\r\n3',
      ],
    ],
    read: [
      { line: 'GET /1 h http done', response: { reason: 'A', body: '1' } },
      { line: 'PUT /2 h http done', request: { body: 'xy' }, response: { reason: 'B', body: '' } },
      { line: 'GET /3 h http done', response: { reason: 'C', body: '3' } },
    ],
  },
  'chunked both ways, with trailers and interim answers': {
    steps: [
      ['>', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n'],
      ['<', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'],
      ['>', '3;ext=1\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\nX-Api-Key: k\r\n\r\n'],
      ['<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n, visitor!\r\n0\r\n\r\n'],
    ],
    read: [
      {
        line: 'POST / h http done',
        request: { body: 'abcdefg', bytes: 7, trailers: ['X-Sum: 7', 'X-Api-Key: [redacted]'] },
        response: { body: 'hello, visitor!', bytes: 15, trailers: [] },
        problem: null,
      },
    ],
  },
  'an answer that does not wait for the request': {
    steps: [
      ['>', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc'],
      ['<', 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'],
      ['>', 'defghi'],
      ['>', GET],
      ['<', OK],
    ],
    read: [
      {
        line: 'POST / h http done',
        request: { body: 'abcdefghi', bytes: 9, truncated: false },
        response: { status: 413, body: 'no' },
      },
      { line: 'GET /a?token=[redacted] shop.example.com http done', response: { body: 'hello' } },
    ],
  },
  'an answer that does not wait for a request that never ends': {
    steps: [
      ['>', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc de'],
      ['<', 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'],
    ],
    read: [
      {
        line: 'POST / h http done',
        request: { body: 'abc', bytes: 6, truncated: true },
        response: { status: 413, body: 'no' },
        problem: null,
      },
    ],
  },
  'a request whose body was never sent': {
    steps: [
      ['>', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n'],
      ['<', 'HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'],
      ['>', GET],
      ['<', OK],
    ],
    read: [
      { line: 'POST / h http done', response: { status: 417 } },
      { line: 'GET /a?token=[redacted] shop.example.com http done', response: { body: 'hello' } },
    ],
  },
  events: {
    steps: [
      ['>', 'GET /events HTTP/1.1\r\nHost: h\r\n\r\n'],
      ['<', 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n'],
      ['<', chunk(': hello\n\ndata: a\ndata: b\n\n')],
      ['<', chunk('event: login\r\ndata: {"token":"x"}\r\nid: 1\r\n\r\ndata')],
      ['<', '0\r\n\r\n'],
    ],
    read: [
      {
        line: 'GET /events h sse done',
        messages: 2,
        timeline: [
          { what: 'to-visitor event  a\nb', truncated: false },
          { what: 'to-visitor event login {"token":"[redacted]"}' },
        ],
        response: { redacted: true },
      },
    ],
  },
  'another protocol that is granted': {
    steps: [
      ['>', 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: mine/1\r\n\r\nearly'],
      ['<', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: mine/1\r\n\r\nGET / HTTP/1.1\r\n\r\n'],
      ['>', 'HTTP/1.1 200 OK\r\n\r\n'],
    ],
    read: [
      {
        line: 'GET / h http done',
        request: { bytes: 24 },
        response: { status: 101, bytes: 18, body: '' },
        problem: null,
      },
    ],
  },
  'another protocol that is not granted': {
    steps: [
      ['>', 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
      ['<', OK],
      ['>', GET],
      ['<', OK],
    ],
    read: [
      { line: 'GET / h http done', response: { body: 'hello' } },
      { line: 'GET /a?token=[redacted] shop.example.com http done' },
    ],
  },
}

for (const [name, { steps, read }] of Object.entries(CONVERSATIONS)) {
  t.test(`it reads ${name}, however the bytes are cut`, async (t) => {
    const whole = http1(steps)
    t.match(whole.exchanges.map(essence), read)
    t.equal(whole.exchanges.length, read.length)
    t.equal(
      whole.book.bytes,
      whole.exchanges.reduce((sum, one) => sum + costOf(one), 0),
      'each byte is counted',
    )
    const expected = JSON.stringify(whole.exchanges.map(essence))
    const longest = Math.max(...steps.map(([, bytes]) => bytes?.length ?? 0))
    let wrong = 0
    for (const cut of everyCut(longest)) {
      // A request that begins in pieces cannot be told from a body that was never sent.
      if (name === 'a request whose body was never sent') break
      const again = http1(steps, { cut })
      if (JSON.stringify(again.exchanges.map(essence)) !== expected) wrong++
    }
    t.equal(wrong, 0)
  })
}

t.test('times are those of the first and last bytes', async (t) => {
  const steps: Step[] = [
    ['>', 'POST / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.9\r\nContent-Length: 3\r\n'],
    ['>', '\r\na'],
    ['>', 'bc'],
    ['<', 'HTTP/1.1 '],
    ['<', '200 OK\r\nContent-Length: 2\r\n\r\na'],
    ['<', 'b'],
  ]
  const [one] = http1(steps).exchanges
  t.match(one, { requestDoneMs: 2, answeredMs: 3, doneMs: 5, startedAt: 1_764_379_200_001, visitor: '203.0.113.9' })
})

t.test('what is no HTTP, or is cut, is told, and the next request is read again', async (t) => {
  const rows: readonly [what: string, steps: readonly Step[], problem: RegExp][] = [
    [
      'no answer',
      [
        ['>', GET],
        ['<', 'nonsense\r\n\r\n'],
      ],
      /no valid HTTP\/1.1/,
    ],
    [
      'a head without end',
      [
        ['>', GET],
        ['<', 'x'.repeat(300_000)],
      ],
      /longer than/,
    ],
    [
      'chunks without size',
      [
        ['>', GET],
        ['<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n'],
      ],
      /chunk/,
    ],
    [
      'two lengths',
      [
        ['>', GET],
        ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
      ],
      /Content-Length/,
    ],
    ['an upstream that closes at once', [['>', GET], ['<|']], /closed the connection before its answer/],
    [
      'an upstream that closes too soon',
      [['>', GET], ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'], ['<|']],
      /in the middle/,
    ],
    [
      'much behind a request for another protocol',
      [
        ['>', 'GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
        ['>', 'x'.repeat(100_000)],
      ],
      /behind the request/,
    ],
  ]
  for (const [what, steps, problem] of rows) {
    const { exchanges } = http1([...steps, ['>', GET], ['<', OK]])
    t.match(exchanges[0], { state: 'cut', problem }, what)
    t.match(exchanges.at(-1), { state: 'done', response: { status: 200 } }, what)
    t.equal(exchanges.length, 2, what)
  }
  t.match(http1([['>', GET]], { close: 'reset by its visitor' }).exchanges[0], {
    state: 'cut',
    problem: 'reset by its visitor',
  })
  t.match(http1([['>', GET]], { close: undefined }).exchanges[0], { state: 'open', problem: null })
  t.same(http1([['<', OK]]).exchanges, [], 'an answer to nothing')
  t.same(
    http1([
      ['>', 'nonsense\r\n\r\n'],
      ['<', OK],
    ]).exchanges,
    [],
    'no request',
  )
  const many = http1([['>', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(1_002)]], { close: undefined })
  t.equal(many.exchanges.filter(({ state }) => state === 'cut').length, 1_000, 'too many without an answer')
})

t.test('no exchange stays open behind another protocol that was agreed on', async (t) => {
  const switched = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'
  const pipelined = http1([
    ['>', `${GET}${GET}POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf`],
    ['<', switched],
  ])
  t.match(pipelined.exchanges, [
    { state: 'done', response: { status: 101 } },
    { state: 'cut', problem: /another protocol/ },
    { state: 'cut', problem: /not sent whole/ },
  ])
  const half = http1([
    ['>', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf'],
    ['<', switched],
  ])
  t.match(half.exchanges, [{ state: 'done', response: { status: 101 } }])
  const answered = http1([
    ['>', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf'],
    ['<', `${OK}${switched}`],
  ])
  t.match(answered.exchanges, [{ state: 'done', response: { status: 200 } }])
})

t.test(
  'what is no request behind one for another protocol is told when its answer ends with the connection',
  async (t) => {
    const { exchanges } = http1([
      ['>', 'GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nnonsense\r\n\r\n'],
      ['<', 'HTTP/1.1 200 OK\r\n\r\nall of it'],
    ])
    t.match(exchanges, [{ state: 'done', response: { status: 200 } }])
  },
)

t.test('bodies are kept up to the limit, counted beyond, and not asked for', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n'
  const { exchanges, skips } = http1(
    [
      ['>', GET],
      ['<', head + 'a b '.repeat(500)],
      ['<', 'a b '.repeat(74_500)],
    ],
    { bodyLimit: 1_000 },
  )
  t.same(skips, [{ direction: 'to-visitor', bytes: 298_000 }])
  t.match(exchanges[0], { state: 'done', response: { bytes: 300_000, truncated: true } })
  t.equal(Buffer.concat(exchanges[0]!.response!.body).length, 1_000)
  const upload = http1(
    [
      ['>', 'POST / HTTP/1.1\r\nContent-Length: 300000\r\n\r\n'],
      ['>', 'a b '.repeat(500)],
    ],
    { bodyLimit: 1_000 },
  )
  t.same(upload.skips, [{ direction: 'to-upstream', bytes: 298_000 }])
})

t.test('bytes that were missed within a body are counted, others cut the exchange', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'
  const { reader, exchanges } = http1(
    [
      ['>', GET],
      ['<', `${head}abc`],
    ],
    { close: undefined },
  )
  reader.missed('to-visitor', 5, 10)
  reader.toVisitor(Buffer.from('ij'), 11)
  t.match(exchanges[0], { state: 'done', doneMs: 10, response: { bytes: 10, truncated: true } })
  reader.toUpstream(Buffer.from(GET), 12)
  reader.toVisitor(Buffer.from(head), 13)
  reader.missed('to-visitor', 10, 14)
  t.equal(exchanges.length, 1)

  const cut = http1(
    [
      ['>', GET],
      ['<', `${head}abc`],
    ],
    { close: undefined },
  )
  cut.reader.missed('to-visitor', 8, 10)
  t.match(cut.exchanges[0], { state: 'cut', problem: /8 bytes of it came faster/ })
  cut.reader.toVisitor(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), 11)
  cut.reader.toUpstream(Buffer.from('no request'), 12)
  cut.reader.toUpstream(Buffer.from(GET), 13)
  cut.reader.toVisitor(Buffer.from(OK), 14)
  const [newest] = cut.book.newestFirst()
  t.match(newest, { state: 'done', response: { status: 200, bytes: 5 } })

  const upload = http1([['>', 'POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\na']], { close: undefined })
  upload.reader.missed('to-upstream', 5, 10)
  upload.reader.toVisitor(Buffer.from(OK), 11)
  t.match(upload.exchanges[0], { state: 'done', requestDoneMs: 9, request: { bytes: 6 } })
  upload.reader.missed('to-upstream', 5, 12)
  upload.reader.toUpstream(Buffer.from(GET), 13)
  t.equal(upload.book.size, 2)
})

t.test('secrets are found in bodies however they are cut and coded', async (t) => {
  const secret = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
  const text = Buffer.from(`{"name":"ada","note":"my key is ${secret}"}`)
  const answer = (coding: string, body: Buffer): Step[] => [
    ['>', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
    [
      '<',
      Buffer.concat([
        Buffer.from(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${coding}Content-Length: ${body.length}\r\n\r\n`,
        ),
        body,
      ]),
    ],
  ]
  const rows: readonly [coding: string, body: Buffer][] = [
    ['', text],
    ['Content-Encoding: gzip\r\n', gzipSync(text)],
    ['Content-Encoding: br\r\n', brotliCompressSync(text)],
    ['Content-Encoding: gzip, br\r\n', brotliCompressSync(gzipSync(text))],
    ['Content-Encoding: gzip\r\n', text],
  ]
  for (const [coding, body] of rows) {
    for (const cut of everyCut(body.length + 100)) {
      const { exchanges } = http1(answer(coding, body), { cut })
      const { response } = exchanges[0]!
      const kept = Buffer.concat(response!.body).toString()
      if (kept !== '{"name":"ada","note":"my key is [redacted]"}' || response!.codings.length > 0) t.fail(kept)
    }
    for (let limit = 1; limit <= text.length; limit++) {
      const { exchanges } = http1(answer(coding, body), { bodyLimit: limit })
      const kept = Buffer.concat(exchanges[0]!.response!.body).toString()
      if (/ghp_|a1B2|q7R8/.test(kept) || kept.length > limit) t.fail(`${coding} ${limit}: ${kept}`)
    }
  }
  const plain = gzipSync('nothing to hide')
  t.match(essence(http1(answer('Content-Encoding: GZIP\r\n', plain)).exchanges[0]!), {
    response: { codings: ['gzip'], body: plain.toString('latin1'), redacted: false },
  })
  t.match(essence(http1(answer('Content-Encoding: zstd\r\n', text)).exchanges[0]!), {
    response: { body: '', truncated: true, problem: /its coding is zstd/ },
  })
  const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024))
  t.match(essence(http1(answer('Content-Encoding: gzip\r\n', bomb), { bodyLimit: 64 * 1024 }).exchanges[0]!), {
    response: { body: '', truncated: true, problem: /larger than 524288 bytes/ },
  })
})

t.test('secrets are kept beside when that is asked for', async (t) => {
  const steps: Step[] = [
    ['>', 'GET /?token=abc HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\n'],
    ['<', OK],
  ]
  const hidden = http1(steps)
  t.notMatch(JSON.stringify(hidden.exchanges), /abc|a=b/)
  const kept = http1(steps, { reveal: true })
  t.match(kept.exchanges[0], {
    target: '/?token=[redacted]',
    targetSecret: '/?token=abc',
    request: { fields: [{}, { value: 'a=[redacted]', secret: 'a=b' }] },
  })
  t.equal(kept.book.bytes, costOf(kept.exchanges[0]!))
})

t.test('what was forgotten is not written to, and costs nothing', async (t) => {
  const steps: Step[] = [
    ['>', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n'],
    ['>', 'a '.repeat(100_000)],
  ]
  const { book, exchanges, reader, skips } = http1(steps, { limitBytes: 50_000, close: undefined })
  t.equal(exchanges.length, 0)
  t.equal(book.forgotten, 1)
  reader.toUpstream(Buffer.alloc(1_000), 10)
  t.equal(book.bytes, 0)
  t.equal(skips.length, 2)
})
