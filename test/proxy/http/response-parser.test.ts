import t from 'tap'
import type { RawHeaders } from '../../../src/proxy/http/api.js'
import type { ResponseHead } from '../../../src/proxy/http/response-head.js'
import { ResponseParser, type ResponseEvents } from '../../../src/proxy/http/response-parser.js'

/** Remembers what a parser told. */
class Told implements ResponseEvents {
  readonly interim: number[] = []
  status = 0
  headers: RawHeaders = []
  body = ''
  trailers: RawHeaders | null = null
  rest: string | null = null

  onInform(status: number): void {
    this.interim.push(status)
  }

  onHead(head: ResponseHead): void {
    this.status = head.status
    this.headers = head.headers
  }

  onBody(slice: Buffer): void {
    this.body += slice.toString('latin1')
  }

  onComplete(trailers: RawHeaders): void {
    this.trailers = trailers
  }

  onSwitch(head: ResponseHead, rest: Buffer): void {
    this.status = head.status
    this.rest = rest.toString('latin1')
  }
}

function parse(pieces: readonly string[], method = 'GET', isWhole = false): Told {
  const told = new Told()
  const parser = new ResponseParser(told, 1024)
  parser.expect(method)
  for (const piece of pieces) parser.push(Buffer.from(piece, 'latin1'))
  if (isWhole) parser.end()
  return told
}

const GOOD: readonly { name: string; text: string; told: Partial<Told>; method?: string; end?: boolean }[] = [
  {
    name: 'a length',
    text: 'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello',
    told: { status: 200, headers: ['A', 'b', 'Content-Length', '5'], body: 'hello', trailers: [] },
  },
  {
    name: 'chunks with extensions and trailers',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX: 1\r\nY: 2\r\n\r\n',
    told: { body: 'abc0123456789', trailers: ['X', '1', 'Y', '2'] },
  },
  {
    name: 'until the end',
    text: 'HTTP/1.0 200 OK\r\n\r\nall of it',
    told: { body: 'all of it', trailers: [] },
    end: true,
  },
  {
    name: 'interim answers before it, and no reason',
    text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 204\r\n\r\n',
    told: { interim: [100, 103], status: 204, body: '', trailers: [] },
  },
  {
    name: 'HEAD',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    method: 'HEAD',
    told: { body: '', trailers: [] },
  },
  {
    name: 'a folded field',
    text: 'HTTP/1.1 304 x\r\nA: b\r\n  c\r\n\r\n',
    told: { headers: ['A', 'b c'], trailers: [] },
  },
]

t.test('good answers, cut at every byte', async (t) => {
  for (const { name, text, told, method, end } of GOOD) {
    t.match(parse([text], method, end), told, name)
    for (let i = 1; i < text.length; i++) {
      t.match(parse([text.slice(0, i), text.slice(i)], method, end), told, `${name}, cut at ${i}`)
    }
    t.match(parse([...text], method, end), told, `${name}, byte by byte`)
  }
})

t.test('another protocol: what came with the head is handed on', async (t) => {
  t.match(parse(['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nrest']), { status: 101, rest: 'rest' })
})

t.test('answers that are malformed, or can be read in two ways', async (t) => {
  const head = (...lines: string[]) => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n')
  const bad = [
    'nonsense\r\n\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 200OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 2 0 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'HTTP/1.1\t200 OK\r\n\r\n',
    'HTTP/1.1 200 a\x01b\r\n\r\n',
    head('Content-Length: 1000000000000000'),
    head('Content-Length: 1', 'Transfer-Encoding: chunked'),
    head('Content-Length: 1', 'Content-Length: 2'),
    head('Content-Length: -1'),
    head('Content-Length: 1, 1'),
    head('Transfer-Encoding: gzip, chunked'),
    head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    head('A : b'),
    head('no colon'),
    head(' folded at once'),
    head('A: b\nC: d'),
    head('A: b\0'),
    head(`A: ${'a'.repeat(2_000)}`),
    `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(2_000)}`,
    `${head('Transfer-Encoding: chunked')}x\r\n`,
    `${head('Transfer-Encoding: chunked')}1\r\nab\r\n`,
    `${head('Transfer-Encoding: chunked')}1\na`,
    `${head('Transfer-Encoding: chunked')}0\r\nno colon\r\n\r\n`,
    `${head('Content-Length: 1')}ab`,
  ]
  for (const text of bad) {
    t.throws(() => parse([text]), { code: 'UR_UPSTREAM_INVALID' }, JSON.stringify(text.slice(0, 80)))
    t.throws(
      () => parse([...text]),
      { code: 'UR_UPSTREAM_INVALID' },
      `byte by byte: ${JSON.stringify(text.slice(0, 80))}`,
    )
  }
  for (const text of [
    '',
    'HTTP/1.1 200 OK\r\n',
    `${head('Content-Length: 5')}abc`,
    `${head('Transfer-Encoding: chunked')}1\r\n`,
  ]) {
    t.throws(() => parse([text], 'GET', true), { code: 'UR_UPSTREAM_RESET' }, JSON.stringify(text))
  }
})
