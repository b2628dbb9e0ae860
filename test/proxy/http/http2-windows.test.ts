import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { HttpTunnels, upstream } from '../../support/http-tunnel.js'
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  PING,
  RawHttp2,
  RST_STREAM,
  SETTINGS,
  uint32,
  WINDOW_UPDATE,
  type Field,
} from '../../support/raw-http2.js'

const HOST = 'shop.localhost'
const MANY_BYTES = randomBytes(1_000_000)
const FRAME_SIZE = 16_384
const LARGEST = 0x7fffffff

const request = (method: string, path: string): Field[] => [
  [':method', method],
  [':scheme', 'https'],
  [':path', path],
  [':authority', HOST],
]
/** Payload of SETTINGS. */
const setting = (id: number, value: number) => Buffer.concat([Buffer.from([0, id]), uint32(value)])
const HEADER_TABLE_SIZE = 1
const INITIAL_WINDOW_SIZE = 4
const FLOW_CONTROL_ERROR = 3

t.test('every byte of an answer arrives, whatever the windows are', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    if (request.url === '/sized') response.setHeader('content-length', MANY_BYTES.length)
    response.end(MANY_BYTES)
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const WINDOWS = [
    { ofStream: LARGEST, ofConnection: LARGEST },
    { ofStream: 0, more: 33_333, ofConnection: LARGEST },
    { ofStream: 10, more: 100_000, ofConnection: 3_000_000 },
    { ofStream: 65_535, ofConnection: 65_535 },
    { ofStream: FRAME_SIZE, ofConnection: 100_000 },
  ]
  for (const path of ['/sized', '/chunked']) {
    for (const { ofStream, more = 0, ofConnection } of WINDOWS) {
      const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']), setting(INITIAL_WINDOW_SIZE, ofStream))
      const streams = [1, 3, 5]
      widen(visitor, 0, ofConnection - 65_535)
      for (const stream of streams) visitor.headers(stream, request('GET', path))
      for (const stream of streams) widen(visitor, stream, more)
      const stop = ofStream < LARGEST ? giveBack(visitor) : undefined
      await Promise.all(streams.map((stream) => visitor.outcome(stream)))
      stop?.()
      const bodies = streams.map((stream) => bodyOf(visitor, stream))
      t.same(
        bodies.map(sumOf),
        streams.map(() => sumOf(MANY_BYTES)),
        `${path}, ${ofStream} and ${ofConnection}`,
      )
      t.equal(visitor.goaway, null)
      visitor.socket.destroy()
    }
  }
})

t.test('changes of the first window count for answers that wait', async (t) => {
  const { port } = await upstream(t, (_request, response) => response.end('abcdefghij'))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']), setting(INITIAL_WINDOW_SIZE, 0))
  const set = (window: number): void => void visitor.write(frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, window)))
  /** All that has come once all that was written has been read. */
  const came = async (): Promise<string> => {
    visitor.write(frame(PING, 0, 0, Buffer.alloc(8)))
    const pings = visitor.frames.filter(({ type }) => type === PING).length
    await visitor.until('PING', () =>
      visitor.frames.filter(({ type }) => type === PING).length > pings ? 1 : undefined,
    )
    return bodyOf(visitor, 1).toString()
  }
  visitor.headers(1, request('GET', '/'))
  await visitor.until('a head', () => visitor.frames.find(({ type }) => type === HEADERS))
  t.equal(await came(), '')
  set(5)
  t.equal(await came(), 'abcde')
  set(2)
  widen(visitor, 1, 3)
  t.equal(await came(), 'abcde', 'a window below 0')
  widen(visitor, 1, 1)
  t.equal(await came(), 'abcdef')
  set(100)
  t.equal((await visitor.outcome(1)).body, 'abcdefghij')
  visitor.headers(3, request('HEAD', '/'))
  set(0)
  t.same((await visitor.outcome(3)).statuses, [200], 'a head needs no window')
})

t.test('what was taken of a body may come again long before its window is used', async (t) => {
  const { port } = await upstream(t, (request, response) => request.resume().on('end', () => response.end('ok')))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
  visitor.headers(1, request('POST', '/'), END_HEADERS)
  for (let i = 0; i < 16; i++) visitor.write(frame(DATA, 0, 1, Buffer.alloc(FRAME_SIZE)))
  const given = (stream: number): number =>
    visitor.frames
      .filter((each) => each.type === WINDOW_UPDATE && each.stream === stream)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0)
  const ofConnection = 2 * 1024 * 1024 - 65_535
  await visitor.until('both windows', () => (given(1) > 0 && given(0) > ofConnection ? true : undefined))
  visitor.write(frame(DATA, END_STREAM, 1))
  t.equal((await visitor.outcome(1)).body, 'ok')
})

t.test('more DATA than the windows allow ends the stream, or the connection', async (t) => {
  const { port } = await upstream(t, (request) => request.pause())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const data = frame(DATA, 0, 1, Buffer.alloc(FRAME_SIZE))
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
  visitor.headers(1, request('POST', '/'), END_HEADERS)
  for (let i = 0; i < 1000 && !visitor.frames.some(({ type }) => type === RST_STREAM || type === GOAWAY); i++) {
    if (!visitor.write(data)) await visitor.drained()
  }
  const { reset, goaway } = await visitor.outcome(1)
  t.equal(reset ?? goaway, FLOW_CONTROL_ERROR)
})

t.test('a table that was smaller for a moment is told to the visitor, as it has lost its fields', async (t) => {
  const { port } = await upstream(t, (_request, response) => response.setHeader('x-a', 'b').end('ok'))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
  const headOf = async (stream: number): Promise<string> => {
    visitor.headers(stream, request('GET', '/'))
    await visitor.outcome(stream)
    const head = visitor.frames.find((each) => each.type === HEADERS && each.stream === stream)
    return head?.payload.toString('latin1') ?? ''
  }
  visitor.write(frame(SETTINGS, 0, 0, setting(HEADER_TABLE_SIZE, 4096)))
  t.match(await headOf(1), /^\x20?\x3f\xe1\x1f\x88[^]*x-a/)
  t.notMatch(await headOf(3), 'x-a')
  visitor.write(frame(SETTINGS, 0, 0, Buffer.concat([setting(HEADER_TABLE_SIZE, 0), setting(HEADER_TABLE_SIZE, 4096)])))
  t.match(await headOf(5), /^\x20\x3f\xe1\x1f\x88[^]*x-a/)
  t.notMatch(await headOf(7), 'x-a')
})

function widen(visitor: RawHttp2, stream: number, bytes: number): void {
  if (bytes > 0) visitor.write(frame(WINDOW_UPDATE, 0, stream, uint32(bytes)))
}

/** Lets as much come again as has come, until the returned is called. */
function giveBack(visitor: RawHttp2): () => void {
  let seen = 0
  const timer = setInterval(() => {
    for (; seen < visitor.frames.length; seen++) {
      const { type, stream, payload } = visitor.frames[seen]!
      if (type !== DATA) continue
      widen(visitor, 0, payload.length)
      widen(visitor, stream, payload.length)
    }
  }, 1)
  return () => clearInterval(timer)
}

function bodyOf({ frames }: RawHttp2, stream: number): Buffer {
  return Buffer.concat(
    frames.filter((each) => each.stream === stream && each.type === DATA).map((each) => each.payload),
  )
}

function sumOf(bytes: Buffer): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`
}
