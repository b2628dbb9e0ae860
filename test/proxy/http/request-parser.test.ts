import t from 'tap'
import type { RawHeaders } from '../../../src/proxy/http/api.js'
import type { Http1RequestHead } from '../../../src/proxy/http/request-head.js'
import { RequestParser, type RequestEvents } from '../../../src/proxy/http/request-parser.js'

interface Seen {
  readonly head: Http1RequestHead
  body: string
  trailers: RawHeaders | null
}

/** Reads requests, one after another. `hesitant`: each piece of a body is waited for until somebody asks for it. */
function parse(pieces: readonly string[], hesitant = false): Seen[] {
  const seen: Seen[] = []
  const events: RequestEvents = {
    onHead(head) {
      seen.push({ head, body: '', trailers: null })
      parser.flowing = !hesitant
    },
    onBody(slice) {
      seen.at(-1)!.body += slice.toString('latin1')
      parser.flowing = !hesitant
    },
    onComplete(trailers) {
      seen.at(-1)!.trailers = trailers
    },
  }
  const parser = new RequestParser(events, 1024)
  for (const piece of pieces) {
    const slice = Buffer.from(piece, 'latin1')
    for (let at = 0; at < slice.length;) {
      const before = at
      at = parser.push(slice, at)
      if (at === slice.length) break
      if (parser.over) parser.next()
      else if (parser.flowing) throw new Error(`stopped at ${at}`)
      else parser.flowing = true
      if (at === before && parser.over) throw new Error('nothing goes on')
    }
  }
  return seen
}

const GOOD = [
  {
    name: 'one after the other',
    text:
      'GET /a HTTP/1.1\r\nHost: x\r\n\r\n' +
      '\r\nPOST /b?c HTTP/1.1\r\nContent-Length: 5\r\nHost:x\r\nA:  b\t\r\n\r\nhello' +
      'PUT /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX: 1\r\n\r\n' +
      'HEAD / HTTP/1.0\r\nHost: x\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n',
    seen: [
      { head: { method: 'GET', target: '/a', version: '1.1', headers: [], body: 'none', keepAlive: true }, body: '' },
      {
        head: { method: 'POST', target: '/b?c', headers: ['Content-Length', '5', 'A', 'b'], body: 5 },
        body: 'hello',
        trailers: [],
      },
      { head: { method: 'PUT', body: 'unknown' }, body: 'abc0123456789', trailers: ['X', '1'] },
      { head: { method: 'HEAD', version: '1.0', body: 0, keepAlive: true }, body: '', trailers: [] },
    ],
  },
  {
    name: 'what a connection is told',
    text:
      'GET * HTTP/1.1\r\nHost: x\r\nConnection: a, CLOSE\r\n\r\n'.replace('GET', 'OPTIONS') +
      'GET http://x:1 HTTP/1.1\r\nHost: X:1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n' +
      'M-SEARCH /\xc3\xa4"{} HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n' +
      'GET / HTTP/1.0\r\nHost: x\r\n\r\n',
    seen: [
      { head: { target: '*', keepAlive: false, upgrade: null } },
      { head: { target: '/', authority: 'x:1', upgrade: 'echo', keepAlive: true } },
      { head: { method: 'M-SEARCH', target: '/\xc3\xa4"{}', expectsContinue: true } },
      { head: { keepAlive: false, expectsContinue: false } },
    ],
  },
]

t.test('good requests, cut at every byte', async (t) => {
  for (const { name, text, seen } of GOOD) {
    t.match(parse([text]), seen, name)
    t.match(parse([text], true), seen, `${name}, each piece asked for`)
    for (let i = 1; i < text.length; i++) {
      const cut = [text.slice(0, i), text.slice(i)]
      t.match(parse(cut), seen, `${name}, cut at ${i}`)
      t.match(parse(cut, true), seen, `${name}, cut at ${i}, each piece asked for`)
    }
    t.match(parse([...text]), seen, `${name}, byte by byte`)
  }
})

t.test('requests that are malformed, or can be read in two ways, whole and byte by byte', async (t) => {
  const head = (...lines: string[]) => ['POST / HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n')
  const chunked = head('Transfer-Encoding: chunked')
  const bad: readonly (readonly [string, string?])[] = [
    ['nonsense\r\n\r\n'],
    ['nonsense\r\n'],
    ['GET  / HTTP/1.1\r\n'],
    ['GET /a b HTTP/1.1\r\n'],
    ['GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['GET / HTTP/1.2\r\n'],
    ['GET / HTTP/1.1 \r\n'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['\x16\x03\x01\x02\x00'],
    ['\n'],
    ['GET / HTTP/1.1\n'],
    ['GET / HTTP/1.1\r\nHost: x\n'],
    ['GET / HTTP/1.1\r\nHost: x\r\nA: \x0bb'],
    ['GET / HTTP/1.1\r\n\r\n'],
    [head('Host: x')],
    [head(' folded')],
    [head('A: b', ' c')],
    [head('A : b')],
    [head(': b')],
    [head('no colon')],
    [head('A: b\rC: d')],
    [head('Content-Length: 1', 'Content-Length: 1')],
    [head('Content-Length: 1, 1')],
    [head('Content-Length: -1')],
    [head('Content-Length: 1e3')],
    [head('Content-Length:')],
    [head('Content-Length: 1', 'Transfer-Encoding: chunked')],
    [head('Transfer-Encoding: gzip, chunked')],
    [head('Transfer-Encoding: \xa0chunked')],
    [head('Transfer-Encoding:')],
    [head('Transfer-Encoding: chunked').replace('1.1', '1.0')],
    [head('Connection: upgrade', 'Upgrade: echo', 'Content-Length: 1')],
    [`${chunked}x\r\n`],
    [`${chunked}1 \r\n`],
    [`${chunked}1\r\nab\r\n`],
    [`${chunked}1\n`],
    [`${chunked}0\r\nno colon\r\n\r\n`],
    [`${chunked}0\r\nA: b\r\n c\r\n\r\n`],
    ['CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 'UR_HTTP_METHOD'],
    [head('Connection: upgrade', 'Upgrade: WebSocket'), 'UR_HTTP_METHOD'],
    [head(`A: ${'a'.repeat(2_000)}`), 'UR_HTTP_HEADER_TOO_LONG'],
    [`GET / HTTP/1.1\r\nA: ${'a'.repeat(2_000)}`, 'UR_HTTP_HEADER_TOO_LONG'],
    [`GET /${'a'.repeat(2_000)}`, 'UR_HTTP_HEADER_TOO_LONG'],
  ]
  for (const [text, code = 'UR_HTTP_MALFORMED'] of bad) {
    const shown = JSON.stringify(text.slice(0, 80))
    t.throws(() => parse([text]), { code }, shown)
    t.throws(() => parse([...text]), { code }, `byte by byte: ${shown}`)
  }
})
