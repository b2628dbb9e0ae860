import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Flag, FrameType, HpackEncoder, PREFACE } from '../../src/http2/index.js'
import type { Random } from './random.js'
import { frame, hpack, uint32, type Field } from './raw-http2.js'
import { recordConnection } from './recorded-connection.js'

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } = FrameType
const { END_STREAM, END_HEADERS, PADDED, PRIORITY: WEIGHED } = Flag

const PATHS = [
  ...['', 'now', 'later', 'echo', 'whole', 'large', 'slow', 'never', 'kept', 'abort', 'abort-later', 'leave'],
  ...['echo', 'echo'],
]
const LAST_CALL = Buffer.from('lastcall')

const request = (path: string, ...more: Field[]): Field[] => [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':authority', 'x'],
  [':path', `/${path}`],
  ...more,
]

const upgrade = (...more: Field[]): Field[] => [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'https'],
  [':authority', 'x'],
  [':path', '/chat'],
  ...more,
]

/** What visitors sent: a client of Node, and what it would never send. */
export async function recordVisit(): Promise<Buffer[]> {
  return [await recordClient(), ...byHand()]
}

function byHand(): Buffer[] {
  const start = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)])
  const text = Buffer.from('text of a body')
  const long = hpack(request('whole', ['x-long', 'v'.repeat(1_000)]))
  return [
    [
      frame(HEADERS, 0, 1, long.subarray(0, 10)),
      ...[frame(CONTINUATION, 0, 1, long.subarray(10, 500)), frame(CONTINUATION, END_HEADERS, 1, long.subarray(500))],
      frame(DATA, 0, 1, text),
      frame(HEADERS, END_HEADERS | END_STREAM, 1, hpack([['x-trailer', 'a']])),
    ],
    [
      frame(SETTINGS, 0, 0, settings([4, 10], [1, 0], [1, 100])),
      frame(HEADERS, END_HEADERS | END_STREAM, 1, hpack(request('large'))),
      frame(HEADERS, END_HEADERS, 3, hpack(request('echo'))),
      ...[frame(DATA, PADDED, 3, Buffer.from([3, 1, 2, 3, 0, 0, 0])), frame(DATA, END_STREAM, 3, text)],
      frame(WINDOW_UPDATE, 0, 1, uint32(20_000)),
      frame(WINDOW_UPDATE, 0, 0, uint32(30_000)),
      frame(SETTINGS, 0, 0, settings([4, 100_000])),
    ],
    [
      frame(HEADERS, END_HEADERS, 1, hpack(upgrade())),
      frame(DATA, 0, 1, text),
      frame(PING, 0, 0, Buffer.from('12345678')),
      frame(DATA, END_STREAM, 1, text),
      frame(HEADERS, END_HEADERS, 3, hpack(upgrade())),
      ...[frame(DATA, 0, 3, text), frame(RST_STREAM, 0, 3, uint32(8))],
    ],
    [
      frame(HEADERS, END_HEADERS | END_STREAM, 1, hpack(request('leave'))),
      frame(PING, 1, 0, LAST_CALL),
      frame(HEADERS, END_HEADERS | END_STREAM, 3, hpack(request('now'))),
      frame(PING, 0, 0, Buffer.from('12345678')),
    ],
    [
      frame(HEADERS, END_HEADERS, 1, hpack(request('now', ['content-length', '14']))),
      ...[frame(DATA, END_STREAM, 1, text), frame(DATA, 0, 1, text)],
      frame(HEADERS, END_HEADERS, 3, hpack(request('abort-later', ['content-length', '13']))),
      frame(DATA, END_STREAM, 3, text),
      frame(HEADERS, END_HEADERS, 5, hpack(request('slow', ['Upper', 'x']))),
      frame(HEADERS, END_HEADERS, 7, hpack(request('kept', ['expect', '100-continue']))),
      ...[frame(DATA, 0, 7, text), frame(PRIORITY, 0, 7, Buffer.alloc(5)), frame(RST_STREAM, 0, 7, uint32(0))],
    ],
  ].map((frames) => Buffer.concat([start, ...frames]))
}

/** A visitor who means what he says, nearly always. */
export function randomVisit(random: Random): Buffer {
  // Small windows, mostly: they are what has to be kept to.
  const first = random.chance(0.8) ? [settings([4, random.pick([0, 10, 1_000])])] : []
  const frames: Buffer[] = [PREFACE, frame(SETTINGS, 0, 0, Buffer.concat([...first, randomSettings(random)]))]
  const encoder = new HpackEncoder()
  let last = -1
  for (let left = 1 + random.below(20); left > 0; left--) {
    const old = random.chance(0.9) ? Math.max(1, last - 2 * random.below(3)) : random.below(20)
    const isNew = last < 0 || random.chance(0.3)
    if (isNew) last += 2
    frames.push(...(isNew ? randomRequest(random, last, encoder) : [randomFrame(random, old, encoder)]))
  }
  return Buffer.concat(frames)
}

function randomRequest(random: Random, stream: number, encoder: HpackEncoder): Buffer[] {
  const more = Array.from({ length: random.below(3) }, () => random.pick(FIELDS))
  const fields = random.chance(0.1) ? upgrade(...more) : request(random.pick(PATHS), ...more)
  const block = random.chance(0.5) ? hpack(fields) : Buffer.from(encoder.encode(0, fields.flat()))
  const end = random.chance(0.3) ? END_STREAM : 0
  if (random.chance(0.7)) return [frame(HEADERS, END_HEADERS | end, stream, block)]
  if (random.chance(0.5)) {
    const padded = Buffer.concat([Buffer.from([3]), uint32(0), Buffer.from([15]), block, Buffer.alloc(3)])
    return [frame(HEADERS, END_HEADERS | PADDED | WEIGHED | end, stream, padded)]
  }
  const at = random.below(block.length)
  return [
    frame(HEADERS, end, stream, block.subarray(0, at)),
    frame(CONTINUATION, END_HEADERS, stream, block.subarray(at)),
  ]
}

const FIELDS: readonly Field[] = [
  ['content-length', '5'],
  ['content-length', '0'],
  ['content-length', '+5'],
  ['expect', '100-continue'],
  ['cookie', 'a=b'],
  ['cookie', 'c=d'],
  ['te', 'trailers'],
  ['te', 'gzip'],
  ['x-long', 'v'.repeat(1_500)],
  ['x-bad', 'a\r\nb: c'],
  ['x-bad', 'a\0'],
  ['x-bad', ' a'],
  ['x bad', 'a'],
  ['x-own\r\nb', 'c'],
  ['host', 'y'],
  ['connection', 'close'],
  ['transfer-encoding', 'chunked'],
  [':path', '/'],
]

function randomFrame(random: Random, stream: number, encoder: HpackEncoder): Buffer {
  const end = random.chance(0.3) ? END_STREAM : 0
  const window = random.pick([0, 1, 5, 1_000, 100_000, 0x7fffffff, 0xffffffff])
  const makers: (() => Buffer)[] = [
    () => frame(DATA, end, stream, random.bytes(random.pick([0, 1, 5, 100, 5_000]))),
    () => frame(DATA, end, stream, Buffer.from('hello')),
    () => frame(DATA, end | PADDED, stream, Buffer.from([random.below(8), 1, 2, 3, 4, 5, 6])),
    () => frame(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.from(encoder.encode(0, ['x-trailer', 'a']))),
    () => frame(HEADERS, END_HEADERS | end, stream, hpack([random.pick(FIELDS)])),
    () => frame(RST_STREAM, 0, stream, uint32(random.below(15))),
    () => frame(WINDOW_UPDATE, 0, random.pick([0, stream]), uint32(window)),
    () => frame(WINDOW_UPDATE, 0, random.pick([0, stream]), uint32(100_000)),
    () => frame(SETTINGS, 0, 0, randomSettings(random)),
    () => frame(SETTINGS, 1, 0),
    () => frame(PING, random.below(2), 0, random.pick([LAST_CALL, Buffer.from('12345678')])),
    () => frame(PRIORITY, 0, stream, uint32(random.below(5)).subarray(random.below(2))),
    () => frame(GOAWAY, 0, 0, Buffer.alloc(8)),
    () => frame(random.below(12), random.u32() & 0xff, stream, random.bytes(random.below(12))),
  ]
  return random.pick(makers)()
}

function randomSettings(random: Random): Buffer {
  const some: [number, number][] = []
  for (let left = random.below(4); left > 0; left--) {
    const id = random.pick([1, 1, 3, 4, 4, 4, 6, 99])
    some.push([id, random.pick([0, 1, 31, 100, 4_096, 4_096, 4_096, 65_535])])
  }
  if (random.chance(0.03)) some.push([random.below(9), random.u32()])
  return settings(...some)
}

function settings(...entries: readonly (readonly [id: number, value: number])[]): Buffer {
  return Buffer.concat(entries.flatMap(([id, value]) => [uint32(id).subarray(2), uint32(value)]))
}

/** What a client of Node sends: bodies, trailers, fields by index and by Huffman, windows and resets. */
async function recordClient(): Promise<Buffer> {
  const work: (() => unknown)[] = []
  const owner = { teardown: (undo: () => unknown) => work.push(undo) }
  const server = http2.createServer()
  server.on('stream', (stream: http2.ServerHttp2Stream, { ':path': path }) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    if (path === '/large') stream.end(Buffer.alloc(30_000))
    else stream.pipe(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  work.push(() => server.close())
  const { port, pieces } = await recordConnection(owner, (server.address() as AddressInfo).port)
  const client = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 10_000 } })
  for (const path of ['/echo', '/later', '/large', '/whole']) {
    const call = client.request({ ':method': 'POST', ':path': path, 'x-own': 'y' }, { waitForTrailers: true })
    call.on('wantTrailers', () => call.sendTrailers({ 'x-trailer': path }))
    call.end('some text')
    await once(call.resume(), 'close')
  }
  const given = client.request({ ':method': 'POST', ':path': '/never' })
  given.on('error', () => undefined)
  given.close(http2.constants.NGHTTP2_CANCEL)
  await once(given, 'close')
  await new Promise((done) => client.settings({ headerTableSize: 100, initialWindowSize: 1_000 }, () => done(null)))
  client.close()
  await once(client, 'close')
  for (const undo of work.reverse()) undo()
  return Buffer.concat(pieces.filter(({ toUpstream }) => toUpstream).map(({ bytes }) => bytes))
}
