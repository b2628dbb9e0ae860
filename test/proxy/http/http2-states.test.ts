import t, { type Test } from 'tap'
import { within } from '../../support/hang.js'
import { HttpTunnels, upstream } from '../../support/http-tunnel.js'
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  hpack,
  NO_ERROR,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  RawHttp2,
  REFUSED_STREAM,
  RST_STREAM,
  SETTINGS,
  STREAM_CLOSED,
  uint32,
  WINDOW_UPDATE,
  type Field,
} from '../../support/raw-http2.js'

// What RFC 9113 §4 to §6 say of frames, streams and connections; http2-malformed.test.ts has §8, http2-windows.test.ts §6.9.

const HOST = 'shop.localhost'
const FLOW_CONTROL_ERROR = 3
const FRAME_SIZE_ERROR = 6
const COMPRESSION_ERROR = 9
const PADDED = 8
const WITH_PRIORITY = 0x20
const UNKNOWN = 0xbe
const FRAME_SIZE = 16_384
const LARGEST = 0x7fffffff

/** What comes of the frames: an error of the connection, of stream 1, or an answer to it. */
type Expected = { readonly goaway: number } | { readonly reset: number } | 'served'
type Case = readonly [name: string, expected: Expected, ...frames: readonly Buffer[]]

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)
const request = (path: string, method = 'GET'): Field[] => [
  [':method', method],
  [':scheme', 'https'],
  [':path', path],
  [':authority', HOST],
]
const whole = END_HEADERS | END_STREAM
const get = (path: string, stream = 1) => frame(HEADERS, whole, stream, hpack(request(path)))
/** A request whose body is still to come. */
const post = (path = '/', stream = 1) => frame(HEADERS, END_HEADERS, stream, hpack(request(path, 'POST')))
const data = (text: string, flags = 0, stream = 1) => frame(DATA, flags, stream, Buffer.from(text))
const trailers = (stream = 1) => frame(HEADERS, whole, stream, hpack([['x-t', '1']]))
const reset = (stream = 1) => frame(RST_STREAM, 0, stream, uint32(8))
const widen = (more: number, stream = 1) => frame(WINDOW_UPDATE, 0, stream, uint32(more))
const priority = (on: number, stream = 1) => frame(PRIORITY, 0, stream, Buffer.concat([uint32(on), bytes(15)]))
const setting = (id: number, value: number) => frame(SETTINGS, 0, 0, Buffer.concat([bytes(0, id), uint32(value)]))
const block = (...parts: readonly Buffer[]) => frame(HEADERS, whole, 1, Buffer.concat(parts))
const head = hpack(request('/'))

const protocol: Expected = { goaway: PROTOCOL_ERROR }
const size: Expected = { goaway: FRAME_SIZE_ERROR }
const flow: Expected = { goaway: FLOW_CONTROL_ERROR }
const compression: Expected = { goaway: COMPRESSION_ERROR }
const closed: Expected = { reset: STREAM_CLOSED }

const CASES: readonly Case[] = [
  // §4.1, §4.2, §5.5
  ['frames of unknown types', 'served', post(), frame(UNKNOWN, 0xff, 1, bytes(1)), frame(UNKNOWN, 0, 0), data('a', 1)],
  ['a whole frame of DATA', 'served', post(), data('a'.repeat(FRAME_SIZE), END_STREAM)],
  ['DATA that is too large', size, post(), data('a'.repeat(FRAME_SIZE + 1))],
  ['HEADERS that are too large', size, frame(HEADERS, whole, 1, Buffer.alloc(FRAME_SIZE + 1))],
  ['an unknown frame that is too large', size, frame(UNKNOWN, 0, 0, Buffer.alloc(FRAME_SIZE + 1))],
  ['reserved bits of a stream', 'served', frame(HEADERS, whole, 0x80000001, head)],

  // §4.3, §6.10, RFC 7541 §4.2, §6.3
  [
    'a header section in pieces, some empty',
    'served',
    frame(HEADERS, END_STREAM, 1, head.subarray(0, 3)),
    frame(CONTINUATION, 0, 1),
    ...Array.from(head.subarray(3), (byte) => frame(CONTINUATION, 0, 1, bytes(byte))),
    frame(CONTINUATION, END_HEADERS, 1),
  ],
  ['CONTINUATION without HEADERS', protocol, frame(CONTINUATION, END_HEADERS, 1, head)],
  ['CONTINUATION behind a whole section', protocol, get('/wait'), frame(CONTINUATION, END_HEADERS, 1, head)],
  ['CONTINUATION behind DATA', protocol, post(), data('a'), frame(CONTINUATION, END_HEADERS, 1, head)],
  ['DATA inside a section', protocol, frame(HEADERS, 0, 1, head), data('a')],
  ['HEADERS inside a section', protocol, frame(HEADERS, 0, 1, head), get('/', 3)],
  ['an unknown frame inside a section', protocol, frame(HEADERS, 0, 1, head), frame(UNKNOWN, 0, 0)],
  ['an index of no field', compression, block(bytes(0x80 + 62), head)],
  ['a section that ends in a field', compression, block(head.subarray(0, -1))],
  ['a smaller table', 'served', block(bytes(0x20), head)],
  ['a table that shrinks and grows', 'served', block(bytes(0x20, 0x3f, 0xe1, 0x1f), head)],
  ['a table larger than allowed', compression, block(bytes(0x3f, 0xe2, 0x1f), head)],
  ['a size of the table behind a field', compression, block(head, bytes(0x20))],
  ['a field of the table', 'served', ...ofTable(bytes(0x80 + 62))],
  ['a field that a smaller table has lost', compression, ...ofTable(bytes(0x20, 0x3f, 0xe1, 0x1f, 0x80 + 62))],

  // §5.1
  ['DATA of a stream that never began', protocol, data('a')],
  ['WINDOW_UPDATE of one', protocol, widen(1)],
  ['RST_STREAM of one', protocol, reset()],
  ['PRIORITY of one', 'served', priority(0, 3), priority(3, 5), get('/')],
  ['a stream of even number', protocol, get('/', 2)],
  ['a stream below the last one', protocol, get('/wait', 3), get('/')],
  ['DATA behind the end of a body', closed, get('/wait'), data('a')],
  ['HEADERS behind the end of a body', closed, get('/wait'), trailers()],
  ['WINDOW_UPDATE and PRIORITY behind it', 'served', get('/'), widen(1), priority(0)],
  ['DATA of a stream that the visitor reset', closed, post('/wait'), reset(), data('a')],
  ['HEADERS of one', { goaway: STREAM_CLOSED }, post('/wait'), reset(), trailers()],
  ['others of one', 'served', get('/wait', 1), reset(1), widen(1, 1), priority(0, 1), reset(1), get('/', 3)],
  ['all of a stream that we have reset', { reset: PROTOCOL_ERROR }, post(), widen(0), data('a'), trailers(), widen(0)],

  // §6.1, §6.2
  ['DATA of no stream', protocol, data('a', 0, 0)],
  ['padding is no body', 'served', sized(), frame(DATA, PADDED, 1, bytes(3, 97, 0, 0, 0)), data('b', END_STREAM)],
  ['nothing but padding', 'served', sized(), frame(DATA, PADDED, 1, bytes(1, 0)), data('ab', END_STREAM)],
  ['no padding, and its length', 'served', sized(), frame(DATA, PADDED, 1, bytes(0)), data('ab', END_STREAM)],
  ['padding as long as its frame', protocol, post(), frame(DATA, PADDED, 1, bytes(3, 0, 0))],
  ['padding without its length', size, post(), frame(DATA, PADDED, 1)],
  ['HEADERS of no stream', protocol, get('/', 0)],
  ['padded HEADERS', 'served', frame(HEADERS, whole | PADDED, 1, Buffer.concat([bytes(2), head, bytes(0, 0)]))],
  ['padding of HEADERS as long as its frame', protocol, frame(HEADERS, whole | PADDED, 1, bytes(2, 0))],
  ['HEADERS with priority', 'served', frame(HEADERS, whole | WITH_PRIORITY, 1, Buffer.concat([priorityOn(0), head]))],
  ['HEADERS with less than a priority', size, frame(HEADERS, whole | WITH_PRIORITY, 1, bytes(0, 0, 0))],
  ['HEADERS of a stream that depends on itself', protocol, frame(HEADERS, whole | WITH_PRIORITY, 1, priorityOn(1))],

  // §6.3, §6.4
  ['PRIORITY of no stream', protocol, priority(1, 0)],
  ['PRIORITY of the wrong size', { reset: FRAME_SIZE_ERROR }, get('/wait'), frame(PRIORITY, 0, 1, bytes(0, 0, 0, 0))],
  ['a stream that depends on itself', protocol, priority(1, 1)],
  ['RST_STREAM of no stream', protocol, reset(0)],
  ['RST_STREAM of the wrong size', size, get('/wait'), frame(RST_STREAM, 0, 1, bytes(0, 0, 0))],

  // §6.5
  ['SETTINGS of a stream', protocol, frame(SETTINGS, 0, 1)],
  ['SETTINGS that are cut', size, frame(SETTINGS, 0, 0, bytes(0, 3, 0))],
  ['an acknowledgement with something in it', size, frame(SETTINGS, ACK, 0, bytes(0, 3, 0, 0, 0, 9))],
  ['settings at their bounds', 'served', setting(2, 1), setting(4, LARGEST), setting(5, 0xffffff), get('/')],
  ['unknown settings', 'served', setting(0xf0, 0xffffffff), setting(0, 7), get('/')],
  ['ENABLE_PUSH of 2', protocol, setting(2, 2)],
  ['a window above 2^31-1', flow, setting(4, LARGEST + 1)],
  ['MAX_FRAME_SIZE below 16,384', protocol, setting(5, FRAME_SIZE - 1)],
  ['MAX_FRAME_SIZE above 2^24-1', protocol, setting(5, 0x1000000)],

  // §6.7, §6.8
  ['PING of a stream', protocol, frame(PING, 0, 1, Buffer.alloc(8))],
  ['PING of the wrong size', size, frame(PING, 0, 0, Buffer.alloc(6))],
  ['an answer to no PING', 'served', frame(PING, ACK, 0, Buffer.alloc(8)), get('/')],
  ['GOAWAY of a stream', protocol, frame(GOAWAY, 0, 1, Buffer.alloc(8))],
  ['GOAWAY of the wrong size', size, frame(GOAWAY, 0, 0, Buffer.alloc(7))],
  ['requests before GOAWAY', 'served', get('/'), frame(GOAWAY, 0, 0, Buffer.alloc(12))],

  // §6.9
  ['WINDOW_UPDATE of the wrong size', size, frame(WINDOW_UPDATE, 0, 0, bytes(0, 0, 1))],
  ['WINDOW_UPDATE of nothing', { reset: PROTOCOL_ERROR }, get('/wait'), widen(0)],
  ['WINDOW_UPDATE of nothing, of the connection', protocol, widen(0, 0)],
  ['windows as large as may be', 'served', widen(LARGEST - 65_535, 0), post(), widen(LARGEST - 65_535), data('', 1)],
  ['a window that is too large', { reset: FLOW_CONTROL_ERROR }, get('/wait'), widen(LARGEST - 65_534)],
  ['a window of the connection that is', flow, widen(LARGEST - 65_534, 0)],
  ['a window that SETTINGS make too large', flow, get('/wait'), widen(LARGEST - 65_535), setting(4, 65_536)],
]

/** POST with two bytes. */
function sized(): Buffer {
  return frame(HEADERS, END_HEADERS, 1, hpack([...request('/', 'POST'), ['content-length', '2']]))
}

function priorityOn(stream: number): Buffer {
  return Buffer.concat([uint32(stream), bytes(15)])
}

/** A field is put into the table, and then `part` follows in front of a request. */
function ofTable(part: Buffer): Buffer[] {
  const adding = Buffer.concat([hpack(request('/wait')), bytes(0x40, 1, 0x61, 1, 0x62)])
  // Updates of the size come first, other fields last.
  const updates = part.subarray(0, -1)
  const using = Buffer.concat([updates, hpack(request('/')), part.subarray(-1)])
  return [frame(HEADERS, whole, 1, adding), frame(HEADERS, whole, 3, using)]
}

/** A tunnel to an upstream that answers when a request is whole, but at /wait, and at once at /early. */
async function start(t: Test, limits = {}): Promise<() => RawHttp2> {
  const { port } = await upstream(t, (request, response) => {
    if (request.url === '/early') response.writeHead(413).end('too much')
    else if (request.url !== '/wait') request.resume().on('end', () => response.end('ok'))
  })
  const tunnels = await HttpTunnels.start(t, limits)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  return () => new RawHttp2(tunnels.tls(HOST, ['h2']))
}

t.test('frames that are right, and wrong, in every state', async (t) => {
  const visitor = await start(t)
  for (const [name, expected, ...frames] of CASES) {
    const raw = visitor()
    raw.write(...frames)
    if (typeof expected === 'object' && 'goaway' in expected) {
      t.equal(await raw.ended(), expected.goaway, name)
      continue
    }
    const last = Math.max(...frames.filter((each) => each[3] === HEADERS).map((each) => each.readUInt32BE(5) & LARGEST))
    if (expected === 'served') t.same((await raw.outcome(last)).statuses, [200], name)
    else t.equal(await raw.resetOf(1), expected.reset, name)
    if (!frames.some((each) => each[3] === GOAWAY)) {
      raw.write(get('/', last + 2))
      t.same((await raw.outcome(last + 2)).statuses, [200], `${name}: and the connection goes on`)
    }
    t.equal(raw.goaway, null, name)
    t.ok(raw.frames.filter(({ type, stream }) => type === RST_STREAM && stream === 1).length <= 1, `${name}: once`)
    raw.socket.destroy()
  }
})

t.test('the first frame is SETTINGS, behind the preface', async (t) => {
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: 1, subdomain: 'shop' })
  const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  for (const first of [
    frame(PING, 0, 0, Buffer.alloc(8)),
    frame(SETTINGS, ACK, 0),
    Buffer.from('GET / HTTP/1.1\r\n'),
  ]) {
    const socket = tunnels.tls(HOST, ['h2'])
    const ended = new Promise((resolve) => socket.resume().once('close', resolve))
    socket.write(first[0] === 0x47 ? first : Buffer.concat([PREFACE, first]))
    await within('the end', ended)
  }
})

t.test('PING is answered with what it says, and SETTINGS once', async (t) => {
  const raw = (await start(t))()
  const word = Buffer.from('8 bytes.')
  raw.write(frame(PING, 0, 0, word), setting(3, 1))
  const answers = await raw.until('answers', () => {
    const found = raw.frames.filter(({ flags, stream }) => stream === 0 && (flags & ACK) !== 0)
    return found.length >= 3 ? found : undefined
  })
  const [, ping] = answers
  t.same(
    answers.map(({ type }) => type),
    [SETTINGS, PING, SETTINGS],
  )
  t.same(ping?.payload, word)
})

t.test('streams above the limit are refused, and may be asked for again', async (t) => {
  const raw = (await start(t, { http2_streams: 2 }))()
  const field = bytes(0x40, 1, 0x61, 1, 0x62)
  raw.write(get('/wait', 1), post('/', 3))
  raw.write(frame(HEADERS, whole, 5, Buffer.concat([hpack(request('/')), field])))
  raw.write(post('/', 7), data('a', 0, 7), trailers(7))
  for (const stream of [5, 7]) t.equal(await raw.resetOf(stream), REFUSED_STREAM)
  raw.write(data('a', END_STREAM, 3))
  t.same((await raw.outcome(3)).statuses, [200])
  raw.write(frame(HEADERS, whole, 9, Buffer.concat([hpack(request('/')), bytes(0x80 + 62)])))
  t.same((await raw.outcome(9)).statuses, [200], 'the table has what was refused')
  t.equal(raw.goaway, null)
})

t.test('behind an answer before the end of a body comes a reset, and what is under way means nothing', async (t) => {
  const raw = (await start(t))()
  let readTogether: boolean | null = null
  raw.socket.on('data', () => {
    const has = (type: number) => raw.frames.some((each) => each.type === type && each.stream === 1)
    if (has(HEADERS)) readTogether ??= has(RST_STREAM)
  })
  raw.write(post('/early'), data('a'))
  const { statuses, body } = await raw.outcome(1)
  t.same([statuses, body], [[413], 'too much'])
  t.equal(await raw.resetOf(1), NO_ERROR)
  t.equal(readTogether, false)
  raw.write(data('a'), data('a', END_STREAM), trailers(), widen(1), reset(), get('/', 3))
  t.same((await raw.outcome(3)).statuses, [200])
  t.equal(raw.goaway, null)
})

t.test('a connection ends in two steps', async (t) => {
  const { port } = await upstream(t, (request, response) => request.resume().on('end', () => response.end('ok')))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const raw = new RawHttp2(tunnels.tls(HOST, ['h2']))
  raw.answersPings = false
  await raw.settled()
  raw.write(post('/', 1))
  raw.write(get('/', 3))
  await raw.outcome(3)
  const drained = tunnels.daemon.drain(20_000)
  const goaways = () => raw.frames.filter(({ type }) => type === GOAWAY).map(({ payload }) => payload.readUInt32BE(0))
  await raw.until('GOAWAY', () => (goaways().length > 0 ? true : undefined))
  t.same(goaways(), [LARGEST])
  const ping = await raw.until('PING', () => raw.frames.find(({ type, flags }) => type === PING && flags === 0))
  raw.write(get('/', 5))
  t.same((await raw.outcome(5)).statuses, [200], 'what was under way is served')
  raw.write(frame(PING, ACK, 0, ping.payload), get('/', 7), data('a', 0, 7), reset(7), widen(1, 9))
  await raw.until('another GOAWAY', () => (goaways().length > 1 ? true : undefined))
  t.same(goaways(), [LARGEST, 5])
  t.notOk(raw.closed)
  raw.write(data('a', END_STREAM, 1))
  t.same((await raw.outcome(1)).statuses, [200], 'so is what had begun')
  t.equal(await raw.ended(), NO_ERROR)
  t.notOk(
    raw.frames.some(({ stream }) => stream === 7),
    'later requests are not',
  )
  await drained
})
