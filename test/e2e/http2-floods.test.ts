import t from 'tap'
import { pause, within } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { call2 } from '../support/http-visitors.js'
import { upstream } from '../support/http-upstream.js'
import { MemoryWatch, residentBytes } from '../support/memory.js'
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  hpack,
  PING,
  PRIORITY,
  RawHttp2,
  RST_STREAM,
  SETTINGS,
  uint32,
  WINDOW_UPDATE,
  type Field,
} from '../support/raw-http2.js'

const HOST = hostOf('shop')
const MIB = 1024 ** 2
/** What the server may grow by while all of them come at once. */
const GROWTH = 64 * MIB
/** Frames that are written at once. */
const PIECE = 500
const UNKNOWN = 0x77

const request = (method: string): Buffer => {
  const fields: Field[] = [
    [':method', method],
    [':scheme', 'https'],
    [':path', '/x'],
    [':authority', HOST],
  ]
  return hpack(fields)
}
const open = (stream: number) => frame(HEADERS, END_HEADERS, stream, request('POST'))
const whole = (stream: number) => frame(HEADERS, END_HEADERS | END_STREAM, stream, request('GET'))

interface Flood {
  /** What comes before. */
  readonly first?: Buffer
  /** The next frame, as often as there is room. */
  next(): Buffer
}

/** Frames that are sent again and again. */
const again = (each: Buffer, first?: Buffer): Flood => ({ next: () => each, ...(first && { first }) })
/** Frames for one stream after another. */
const streams = (each: (stream: number) => Buffer): Flood => {
  let stream = -1
  return { next: () => each((stream += 2)) }
}

const FLOODS: Readonly<Record<string, Flood>> = {
  'rapid reset': streams((stream) => Buffer.concat([whole(stream), frame(RST_STREAM, 0, stream, uint32(8))])),
  'resets that we are made to send': streams((stream) =>
    Buffer.concat([whole(stream), frame(WINDOW_UPDATE, 0, stream, uint32(0x7fffffff))]),
  ),
  'malformed requests': streams((stream) => frame(HEADERS, END_HEADERS | END_STREAM, stream, hpack([['X', 'y']]))),
  'CONTINUATION without an end': again(
    frame(CONTINUATION, 0, 1, hpack([['x-a', '1']])),
    frame(HEADERS, 0, 1, request('GET')),
  ),
  'empty CONTINUATION': again(frame(CONTINUATION, 0, 1), frame(HEADERS, 0, 1, request('GET'))),
  SETTINGS: again(frame(SETTINGS, 0, 0)),
  'SETTINGS that change something': again(frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0]))),
  PING: again(frame(PING, 0, 0, Buffer.alloc(8))),
  'empty DATA': again(frame(DATA, 0, 1), open(1)),
  'DATA of one byte': again(frame(DATA, 0, 1, Buffer.alloc(1)), open(1)),
  PRIORITY: again(frame(PRIORITY, 0, 1, Buffer.from([0, 0, 0, 0, 1]))),
  'PRIORITY of many streams': streams((stream) => frame(PRIORITY, 0, stream, Buffer.from([0, 0, 0, 0, 1]))),
  WINDOW_UPDATE: again(frame(WINDOW_UPDATE, 0, 1, uint32(1)), open(1)),
  'unknown frames': again(frame(UNKNOWN, 0, 0)),
  'HEADERS of a stream that is over': again(whole(1)),
  'DATA of a stream that is over': again(
    frame(DATA, 0, 1),
    Buffer.concat([open(1), frame(RST_STREAM, 0, 1, uint32(8))]),
  ),
}

t.test('floods end their connection, take no memory, and others are served meanwhile', async (t) => {
  const { port } = await upstream(t, (message, response) => {
    message.resume()
    message.on('end', () => response.end('ok'))
  })
  const limits = { http_idle_timeout: '2s', http2_reset_rate: 200 }
  const product = await HttpProduct.start(t, { config: { limits } })
  await product.agent(t, port, 'shop')
  const other = product.http2(HOST)
  for (let i = 0; i < 200; i++) await call2(other, '/')

  const { pid } = product.server.process
  const before = await residentBytes(pid)
  const watch = new MemoryWatch(pid)
  let flooding = true
  let answers = 0
  let slowest = 0
  const served = (async () => {
    while (flooding) {
      const start = performance.now()
      const { status } = await call2(other, '/')
      if (status !== 200) t.fail(`another visitor got ${status}`)
      answers++
      slowest = Math.max(slowest, performance.now() - start)
    }
  })()
  for (const [name, flood] of Object.entries(FLOODS)) {
    const visitor = new RawHttp2(product.tls(HOST, ['h2']))
    const { frames, bytes } = await within(`the end of ${name}`, send(visitor, flood))
    t.ok(visitor.closed, `${name}: ${frames} frames, ${bytes} bytes, GOAWAY ${visitor.goaway}`)
    t.ok(bytes < 64 * MIB, `${name}: ${bytes} bytes`)
  }
  flooding = false
  await served
  t.ok(answers > 50, `${answers} answers for another visitor, the slowest after ${slowest.toFixed(0)} ms`)
  const grown = (await watch.stop()) - before
  t.ok(grown < GROWTH, `the server grew by ${(grown / MIB).toFixed(1)} MiB`)
  const page = await (await fetch(`http://${product.server.metricsAddress}/metrics`)).text()
  t.match(page, /uniroute_http_failures_total\{reason="UR_HTTP_FLOOD"\} [1-9]/)
})

t.test('answers that nobody reads are held at their windows', async (t) => {
  const chunk = Buffer.alloc(64 * 1024)
  const { port } = await upstream(t, (_, response) => {
    const more = (): void => {
      while (response.write(chunk));
    }
    response.on('drain', more)
    more()
  })
  const product = await HttpProduct.start(t)
  await product.agent(t, port, 'shop')
  const { pid } = product.server.process
  const watch = new MemoryWatch(pid)
  const before = await residentBytes(pid)
  const STREAMS = 128
  /** SETTINGS_INITIAL_WINDOW_SIZE: 0 */
  const visitor = new RawHttp2(product.tls(HOST, ['h2']), Buffer.from([0, 4, 0, 0, 0, 0]))
  const get = frame(HEADERS, END_HEADERS | END_STREAM, 1, request('GET'))
  await visitor.settled()
  for (let i = 0; i < STREAMS; i++) {
    const each = Buffer.from(get)
    each.writeUInt32BE(2 * i + 1, 5)
    visitor.write(each)
  }
  const heads = () => visitor.frames.filter(({ type }) => type === HEADERS).length
  await visitor.until('all heads', () => (heads() === STREAMS ? true : undefined))
  // The span in which it would grow, if it did.
  await pause(1_500)
  const grown = (await watch.stop()) - before
  t.ok(grown < 96 * MIB, `the server grew by ${(grown / MIB).toFixed(1)} MiB for ${STREAMS} answers`)
  t.equal(heads(), STREAMS)
})

/** Sends until the connection is closed. */
async function send(visitor: RawHttp2, { first, next }: Flood): Promise<{ frames: number; bytes: number }> {
  let frames = 0
  let bytes = 0
  if (first !== undefined) visitor.write(first)
  while (!visitor.closed) {
    const piece = Buffer.concat(Array.from({ length: PIECE }, next))
    frames += PIECE
    bytes += piece.length
    if (visitor.write(piece)) await new Promise(setImmediate)
    else await visitor.drained()
  }
  return { frames, bytes }
}
