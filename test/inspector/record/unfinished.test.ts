import { constants, deflateRawSync } from 'node:zlib'
import t from 'tap'
import { ExchangeBook } from '../../../src/inspector/book.js'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { Http2Call } from '../../../src/inspector/http2/http2-call.js'
import type { ConnectionReader, ExchangeSink } from '../../../src/inspector/reader.js'
import { beginExchange } from '../../../src/inspector/record/writer.js'
import { Redactor } from '../../../src/inspector/redact/index.js'
import { memoryInUse } from '../../support/memory.js'
import { frame, UPGRADE, upgraded } from '../websocket/frame.js'

const MIB = 1024 * 1024
const LIMIT = 8 * MIB
const BODY = MIB
const CONNECTIONS = 60
const PIECE = Buffer.alloc(16_384, 'text of a message ')

/** What is under way on one connection, and is never whole. */
type Begin = (sink: ExchangeSink) => { push(bytes: Buffer, atMs: number): void; readonly more: Buffer }

const http1 = (head: readonly (Buffer | string)[], direction: 'toUpstream' | 'toVisitor'): Begin => {
  return (sink) => {
    const reader: ConnectionReader = new Http1Reader(sink)
    reader.toUpstream(Buffer.from(head[0] as string), 0)
    head.slice(1).forEach((bytes) => reader[direction](Buffer.from(bytes as string), 0))
    return { push: (bytes, atMs) => reader[direction](bytes, atMs), more: PIECE }
  }
}

const grpc: Begin = (sink) => {
  const fields: [string, string][] = [
    [':method', 'POST'],
    [':path', '/s/M'],
    ['content-type', 'application/grpc'],
  ]
  const call = new Http2Call(sink, fields, BODY, 0)
  call.requestData(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), 0)
  return { push: (bytes, atMs) => call.requestData(bytes, atMs), more: PIECE }
}

const message = Buffer.concat([Buffer.from([0xc1, 127, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff])])
const EXTENSION = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

const KINDS: Readonly<Record<string, Begin>> = {
  'a WebSocket message': http1([UPGRADE, upgraded(EXTENSION), message], 'toVisitor'),
  'a gRPC message': grpc,
  'the body of a request': http1(['POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n'], 'toUpstream'),
  'the body of an answer': http1(
    ['GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n'],
    'toVisitor',
  ),
  'an event': http1(
    [
      'GET / HTTP/1.1\r\nHost: h\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99999999\r\n\r\ndata: ',
    ],
    'toVisitor',
  ),
}

for (const [what, begin] of Object.entries(KINDS)) {
  t.test(`${what} that is under way on many connections keeps within the bound of all`, async (t) => {
    const book = new ExchangeBook(LIMIT)
    const redactor = new Redactor({ headers: [], jsonPaths: [], reveal: false })
    const origin = { tunnel: 'web', visitor: '', epochMs: 0 }
    const context = { book, redactor, bodyLimit: BODY }
    const before = memoryInUse()
    const connections = Array.from({ length: CONNECTIONS }, () =>
      begin({ begin: (head) => beginExchange(context, origin, head), skip: () => undefined }),
    )
    // One after the other: who came first is idle while others need the memory.
    for (const { push, more } of connections) {
      for (let bytes = 0; bytes < BODY; bytes += more.length) push(more, 1)
    }
    const held = memoryInUse() - before
    t.ok(held < 3 * LIMIT, `${held} bytes are held`)
    t.ok(book.bytes <= LIMIT)
    t.ok(book.bytes > held / 3, `${book.bytes} bytes of ${held} are counted`)
    t.ok(connections.length === CONNECTIONS)
  })
}

t.test('what was held is given back when the message is whole, or the exchange over', async (t) => {
  const book = new ExchangeBook(LIMIT)
  const redactor = new Redactor({ headers: [], jsonPaths: [], reveal: false })
  const context = { book, redactor, bodyLimit: BODY }
  const origin = { tunnel: 'web', visitor: '', epochMs: 0 }
  const sink: ExchangeSink = { begin: (head) => beginExchange(context, origin, head), skip: () => undefined }
  const open = (): Http1Reader => {
    const reader = new Http1Reader(sink)
    reader.toUpstream(Buffer.from(UPGRADE), 0)
    reader.toVisitor(Buffer.from(upgraded()), 0)
    return reader
  }
  const whole = open()
  const empty = book.bytes
  const bytes = frame(0x82, Buffer.alloc(60_000))
  whole.toVisitor(bytes.subarray(0, 50_000), 1)
  t.ok(book.bytes >= empty + 50_000, 'as it comes')
  whole.toVisitor(bytes.subarray(50_000), 2)
  t.ok(book.bytes >= empty + 60_000 && book.bytes < empty + 61_000, `once: ${book.bytes - empty}`)
  const between = book.bytes
  const cut = open()
  cut.toVisitor(bytes.subarray(0, 50_000), 3)
  cut.close('reset', 4)
  t.ok(book.bytes < between + 2_000, `${book.bytes - between} bytes more`)
})

t.test('what compressed messages refer to counts', async (t) => {
  const book = new ExchangeBook(LIMIT)
  const redactor = new Redactor({ headers: [], jsonPaths: [], reveal: false })
  const context = { book, redactor, bodyLimit: BODY }
  const origin = { tunnel: 'web', visitor: '', epochMs: 0 }
  const reader = new Http1Reader({ begin: (head) => beginExchange(context, origin, head), skip: () => undefined })
  reader.toUpstream(Buffer.from(UPGRADE), 0)
  reader.toVisitor(Buffer.from(upgraded(EXTENSION)), 0)
  const before = book.bytes
  const message = deflateRawSync(Buffer.alloc(40_000, 'x '), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  reader.toVisitor(frame(0xc1, message), 1)
  t.ok(book.bytes - before > 40_000 + 32_768, `${book.bytes - before} bytes`)
})

t.test('an exchange that is forgotten while it is open leaves nothing behind that is large', async (t) => {
  const book = new ExchangeBook(LIMIT)
  const redactor = new Redactor({ headers: [], jsonPaths: [], reveal: false })
  const context = { book, redactor, bodyLimit: BODY }
  const skips: string[] = []
  const reader = new Http1Reader({
    begin: (head) => beginExchange(context, { tunnel: 'web', visitor: '', epochMs: 0 }, head),
    skip: (direction, bytes) => skips.push(`${direction} ${bytes}`),
  })
  reader.toUpstream(Buffer.from(UPGRADE), 0)
  reader.toVisitor(Buffer.from(upgraded()), 0)
  const [exchange] = book.newestFirst()
  for (let i = 0; i < 10; i++) reader.toVisitor(frame(0x82, Buffer.alloc(60_000)), 1)
  t.equal(exchange!.timeline.length, 10)
  book.clear()
  t.equal(exchange!.timeline.length, 0)
  t.same(skips, ['to-upstream Infinity', 'to-visitor Infinity'])
  reader.toVisitor(frame(0x82, Buffer.alloc(60_000)), 1)
  t.match(exchange, { timeline: { length: 0 } })
})

t.test('heads of nonsense take no more than a head may, and the connection is read on', async (t) => {
  const nonsense = Buffer.alloc(MIB, 'nonsense')
  const fields = Buffer.alloc(MIB, 'a: b\r\n')
  for (const bytes of [nonsense, fields]) {
    for (const direction of ['toUpstream', 'toVisitor'] as const) {
      const book = new ExchangeBook(LIMIT)
      const redactor = new Redactor({ headers: [], jsonPaths: [], reveal: false })
      const context = { book, redactor, bodyLimit: BODY }
      const origin = { tunnel: 'web', visitor: '', epochMs: 0 }
      const reader = new Http1Reader({ begin: (head) => beginExchange(context, origin, head), skip: () => undefined })
      const before = memoryInUse()
      if (direction === 'toVisitor') reader.toUpstream(Buffer.from('GET /first HTTP/1.1\r\nHost: h\r\n\r\n'), 0)
      reader[direction](Buffer.from(direction === 'toVisitor' ? 'HTTP/1.1 200 OK\r\n' : 'GET / HTTP/1.1\r\n'), 0)
      for (let i = 0; i < 100; i++) reader[direction](bytes, 1)
      const held = memoryInUse() - before
      t.ok(held < 4 * MIB, `${held} bytes are held of 100 MiB ${direction}`)
      reader.toUpstream(Buffer.from('GET /next HTTP/1.1\r\nHost: h\r\n\r\n'), 2)
      reader.toVisitor(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'), 3)
      const [newest, first] = book.newestFirst()
      t.match(newest, { target: '/next', state: 'done' })
      if (direction === 'toVisitor') t.match(first, { target: '/first', state: 'cut', problem: /head/ })
    }
  }
})

t.test('a head with thousands of fields is kept, counted and redacted', async (t) => {
  const book = new ExchangeBook(LIMIT)
  const redactor = new Redactor({ headers: [], jsonPaths: [], reveal: false })
  const context = { book, redactor, bodyLimit: BODY }
  const origin = { tunnel: 'web', visitor: '', epochMs: 0 }
  const reader = new Http1Reader({ begin: (head) => beginExchange(context, origin, head), skip: () => undefined })
  const fields = Array.from({ length: 5_000 }, (_, i) => `X-${i}-Token: secret-${i}\r\n`).join('')
  reader.toUpstream(Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\n${fields}\r\n`), 0)
  const [exchange] = book.newestFirst()
  t.equal(exchange!.request.fields.length, 5_001)
  t.notMatch(JSON.stringify(exchange!.request.fields), /secret-\d/)
  t.ok(book.bytes > 5_000 * 60)
})
