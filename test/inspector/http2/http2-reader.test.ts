import t, { type Test } from 'tap'
import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Http2Reader } from '../../../src/inspector/http2/http2-reader.js'
import { GrpcTypes, messageToJson } from '../../../src/inspector/grpc/grpc-types.js'
import { ORDER, SHOP_PROTO, shopClient, startGrpcShop } from '../../support/grpc-shop.js'
import { recordConnection, type Piece } from '../../support/recorded-connection.js'
import { RecordedSink } from '../recorded-sink.js'

const LIMIT = 1024 * 1024

/** Reads pieces, each cut into smaller ones of `size` bytes. */
function read(pieces: readonly Piece[], size = Infinity, bodyLimit = LIMIT): RecordedSink {
  const sink = new RecordedSink()
  const reader = new Http2Reader(sink, bodyLimit)
  pieces.forEach(({ toUpstream, bytes }, index) => {
    for (let at = 0; at < bytes.length; at += size) {
      const part = Buffer.from(bytes.subarray(at, at + size))
      if (toUpstream) reader.toUpstream(part, index)
      else reader.toVisitor(part, index)
      part.fill(0xee)
    }
  })
  reader.close(null, pieces.length)
  return sink
}

const LONG = 'v'.repeat(40_000)

/** What nghttp2, as Node has it, makes of requests of many kinds. */
async function record(t: Test): Promise<Piece[]> {
  const server = http2.createServer({
    settings: { headerTableSize: 8192 },
    maxHeaderListPairs: 1000,
    maxSendHeaderBlockLength: 200_000,
  })
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    switch (headers[':path']) {
      case '/echo':
        stream.additionalHeaders({ ':status': 103, link: '</a.css>' })
        stream.respond({ ':status': 201, 'x-latin': 'caf\u00e9' }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }))
        return stream.pipe(stream)
      case '/long':
        stream.respond({ ':status': 200, 'x-long': LONG })
        return stream.end()
      case '/reset':
        stream.respond({ ':status': 200 })
        return stream.write('begun', () => setImmediate(() => stream.destroy(new Error('broken'))))
      case '/head':
        return stream.respond({ ':status': 204 }, { endStream: true })
      default:
        stream.respond({ ':status': 200, 'content-type': 'text/plain' })
        return stream.end(`answer of ${String(headers[':path'])}`)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port, pieces } = await recordConnection(t, (server.address() as AddressInfo).port)
  const client = http2.connect(`http://127.0.0.1:${port}`, {
    paddingStrategy: http2.constants.PADDING_STRATEGY_MAX,
    maxSendHeaderBlockLength: 200_000,
  })
  t.teardown(() => client.destroy())

  const echo = client.request(
    { ':method': 'POST', ':path': '/echo', ':authority': 'shop.example.com' },
    {
      waitForTrailers: true,
    },
  )
  echo.on('wantTrailers', () => echo.sendTrailers({ 'x-end': 'of request' }))
  echo.write('one ')
  echo.end('two')
  t.equal(await text(echo), 'one two')
  // The same fields again and again: by their index now.
  const many = Array.from({ length: 20 }, (_, i) => client.request({ ':path': `/many/${i % 3}`, cookie: 'a=b' }))
  await Promise.all(many.map((stream) => text(stream)))
  const long = client.request({ ':path': '/long', 'x-long': LONG })
  await text(long)
  const head = client.request({ ':method': 'DELETE', ':path': '/head' })
  await text(head)
  const reset = client.request({ ':path': '/reset' })
  await t.rejects(text(reset), { code: 'ERR_HTTP2_STREAM_ERROR' })
  client.close()
  await once(client, 'close')
  return pieces
}

t.test('requests and answers as a real client and server write them, cut anywhere', async (t) => {
  const pieces = await record(t)
  const { told } = read(pieces)
  t.same(
    told.map(({ head, answer, body }) => [head.method, head.target, answer?.status, body]),
    [
      ['POST', '/echo', 201, 'one two'],
      ...Array.from({ length: 20 }, (_, i) => ['GET', `/many/${i % 3}`, 200, `answer of /many/${i % 3}`]),
      ['GET', '/long', 200, ''],
      ['DELETE', '/head', 204, ''],
      ['GET', '/reset', 200, 'begun'],
    ],
  )
  const [echo] = told
  t.equal(echo!.head.host, 'shop.example.com')
  t.equal(echo!.request, 'one two')
  t.same(echo!.requestTrailers, ['x-end', 'of request'])
  t.same(echo!.trailers, ['x-sum', 'abc'])
  t.match(echo!.answer!.fields.join('|'), /x-latin\|caf\u00e9/)
  t.ok(
    told
      .slice(0, -1)
      .every(
        ({ ended, requestEnded, cut, problems }) => ended && requestEnded && cut === null && problems.length === 0,
      ),
  )
  t.match(told.at(-1)!.cut, /INTERNAL_ERROR/)
  t.ok(told.find(({ head }) => head.target === '/long')!.head.fields.includes(LONG), 'a field in several frames')
  for (const size of [1, 2, 3, 7, 16, 1000]) t.same(read(pieces, size).told, told, `cut into pieces of ${size} bytes`)
})

t.test('what is missing in between ends the reading of the connection, not the reader', async (t) => {
  const pieces = await record(t)
  const sink = new RecordedSink()
  const reader = new Http2Reader(sink, LIMIT)
  const middle = pieces.findIndex(({ bytes }) => bytes.includes('one ')) + 1
  pieces.forEach(({ toUpstream, bytes }, index) => {
    if (index === middle) reader.missed('to-visitor', bytes.length, index)
    else if (toUpstream) reader.toUpstream(bytes, index)
    else reader.toVisitor(bytes, index)
  })
  t.equal(sink.told.length, 1)
  t.match(sink.told[0]!.cut, /too fast/)
  t.same(sink.skipped, [
    ['to-upstream', Infinity],
    ['to-visitor', Infinity],
  ])
})

t.test('bytes that are no HTTP/2 are said to be none', async (t) => {
  const pieces = await record(t)
  const begun = pieces.slice(0, pieces.findIndex(({ bytes }) => bytes.includes('one ')) + 1)
  const cases: [name: string, bytes: Buffer, problem: RegExp][] = [
    ['a frame of 16 MiB that would have to be whole', Buffer.from('ffffff0104000000ff', 'hex'), /16777215/],
    ['a CONTINUATION of nothing', Buffer.from('000001090400000001 00'.replace(' ', ''), 'hex'), /CONTINUATION/],
    ['another frame within a field block', Buffer.from('000001010000000009820000000000000000', 'hex'), /broken off/],
    ['padding longer than the frame', Buffer.from('0000020108000000 09 ff82'.replaceAll(' ', ''), 'hex'), /padding/],
    [
      'a field with an index that nobody has',
      Buffer.from('0000020104000000 09 ffff'.replaceAll(' ', ''), 'hex'),
      /too soon|index/,
    ],
  ]
  for (const [name, bytes, problem] of cases) {
    const { told } = read([...begun, { toUpstream: true, bytes }, { toUpstream: true, bytes: Buffer.alloc(1000) }])
    t.match(told[0]?.cut, problem, name)
  }
  t.same(read([{ toUpstream: true, bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') }]).told, [])
})

t.test('gRPC messages stand on the timeline, compressed ones decompressed', async (t) => {
  const types = GrpcTypes.fromFiles([SHOP_PROTO])
  const { request } = types.method('/shop.v1.Shop/Buy')!
  const port = await startGrpcShop(t)
  for (const [name, options] of [
    ['plain', {}],
    ['gzip', { 'grpc.default_compression_algorithm': 2 }],
    ['deflate', { 'grpc.default_compression_algorithm': 1 }],
  ] as const) {
    const recorded = await recordConnection(t, port)
    const client = shopClient(t, `127.0.0.1:${recorded.port}`, options)
    await new Promise<void>((resolve, reject) =>
      client.buy(ORDER, (error) => (error === null ? resolve() : reject(error))),
    )
    for (const size of [Infinity, 1]) {
      const [call] = read(recorded.pieces, size).told
      t.equal(call!.kind, 'grpc', name)
      t.equal(call!.head.target, '/shop.v1.Shop/Buy')
      t.same(
        call!.messages.map(({ direction, kind, problem }) => [direction, kind, problem]),
        [
          ['to-upstream', 'grpc', null],
          ['to-visitor', 'grpc', null],
        ],
      )
      t.equal((JSON.parse(messageToJson(request, call!.messages[0]!.payload)) as { item: string }).item, ORDER.item)
      t.ok(call!.trailers.join('|').includes('grpc-status|0'))
    }
    const [small] = read(recorded.pieces, Infinity, 10).told
    const [first] = small!.messages
    t.ok(first!.payload.length <= Math.max(10, first!.payload.length), name)
    if (name === 'plain') t.ok(first!.bytes! > first!.payload.length, 'more came than is kept')
    else t.match(first!.problem, /too large/, name)
  }
})

t.test('a compressed message that cannot be read is not kept: nobody knows what secrets it has', async (t) => {
  const { gzipSync } = await import('node:zlib')
  const { GrpcTimeline } = await import('../../../src/inspector/grpc/grpc-timeline.js')
  const sink = new RecordedSink()
  const writer = sink.begin({ method: 'POST', target: '/', host: '', protocol: 'HTTP/2.0', fields: [], startedAtMs: 0 })
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  const prefix = Buffer.alloc(5)
  prefix[0] = 1
  for (const [coding, payload, problem] of [
    ['gzip', bomb, /more than 100000 bytes/],
    ['gzip', Buffer.from('nonsense'), /it is no gzip/],
    ['snappy', Buffer.from('nonsense'), /snappy/],
    ['', Buffer.from('nonsense'), /not known/],
  ] as const) {
    const timeline = new GrpcTimeline(writer, 'to-visitor', coding, 100_000)
    prefix.writeUInt32BE(payload.length, 1)
    timeline.push(Buffer.concat([prefix, payload]), 0)
    const message = sink.told[0]!.messages.at(-1)!
    t.match(message.problem, problem)
    t.match(message, { isPart: true, payload: { length: 0 }, bytes: payload.length })
  }
  const broken = new GrpcTimeline(writer, 'to-visitor', '', 100)
  broken.push(Buffer.from([0, 0, 0, 0, 9, 1]), 0)
  broken.end()
  t.match(sink.told[0]!.problems, [/not whole/])
})
