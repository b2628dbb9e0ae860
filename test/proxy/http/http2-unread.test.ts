import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import type { Exchange } from '../../../src/proxy/http/api.js'
import { FrontHttp2 } from '../../../src/proxy/http/front-http2.js'
import type { FrontConnection } from '../../../src/proxy/http/front.js'
import { DEFAULT_HTTP_LIMITS } from '../../../src/proxy/http/limits.js'
import {
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  frame,
  GOAWAY,
  HEADERS,
  hpack,
  RST_STREAM,
  SETTINGS,
} from '../../support/raw-http2.js'

/** Bytes of the head of a frame. */
const HEAD = 9
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const GET = hpack([
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'shop.localhost'],
])
const { concurrentStreams, resetRate } = DEFAULT_HTTP_LIMITS

/** The server's end of a connection whose visitor reads nothing until he is told to. */
class UnreadSocket extends Duplex {
  readonly #chunks: Buffer[] = []
  #taken: ((error?: Error | null) => void) | null = null
  reads = false

  override _read(): void {
    // It is pushed.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, taken: (error?: Error | null) => void): void {
    this.#chunks.push(Buffer.from(chunk))
    if (this.reads) taken()
    else this.#taken = taken
  }

  takeAll(): void {
    this.reads = true
    this.#taken?.()
  }

  /** Payloads of the frames that came. */
  frames(type: number): Buffer[] {
    const bytes = Buffer.concat(this.#chunks)
    const found: Buffer[] = []
    let end = 0
    for (let at = 0; at + HEAD <= bytes.length; at = end) {
      end = at + HEAD + bytes.readUIntBE(at, 3)
      if (bytes[at + 3] === type) found.push(bytes.subarray(at + HEAD, end))
    }
    return found
  }
}

interface Visit {
  readonly socket: UnreadSocket
  readonly exchanges: Exchange[]
  /** The next `count` requests, one each turn. */
  ask(count: number): Promise<void>
}

/** `answer`: what is done with each request. */
function visit(answer = (exchange: Exchange) => exchange.respond(204, [], '', 'none')): Visit {
  const exchanges: Exchange[] = []
  const socket = new UnreadSocket()
  let stream = -1
  const seen: Visit = {
    socket,
    exchanges,
    ask: async (count) => {
      for (let i = 0; i < count; i++) {
        socket.push(frame(HEADERS, END_HEADERS | END_STREAM, (stream += 2), GET))
        await new Promise(setImmediate)
      }
    },
  }
  const onExchange = (exchange: Exchange): void => {
    exchanges.push(exchange)
    exchange.start({
      onBody: () => undefined,
      onBodyEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    })
    answer(exchange)
  }
  const options = { limits: DEFAULT_HTTP_LIMITS, onExchange, onMalformed: () => undefined, onDefect: () => undefined }
  const front = new FrontHttp2(options, { now: () => 0 })
  const facts = { visitor: null, host: 'shop.localhost', scheme: 'https', certificate: null }
  front.take(socket as unknown as TLSSocket, facts as unknown as FrontConnection)
  socket.push(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]))
  return seen
}

t.test('answers that nobody reads count as requests under way, though nothing follows their head', async (t) => {
  const { socket, exchanges, ask } = visit()
  await ask(3 * concurrentStreams - 1)
  t.equal(exchanges.length, 2 * concurrentStreams)
  socket.takeAll()
  await new Promise(setImmediate)
  t.equal(socket.frames(RST_STREAM).length, concurrentStreams - 1, 'the others are refused')
  await ask(10)
  t.equal(exchanges.length, 2 * concurrentStreams + 10, 'and served again once he has read')
  t.equal(socket.frames(GOAWAY).length, 0)
})

t.test('who goes on all the same is sent away', async (t) => {
  const { socket, exchanges, ask } = visit()
  await ask(2 * concurrentStreams + resetRate + 1)
  t.equal(exchanges.length, 2 * concurrentStreams)
  socket.takeAll()
  await new Promise(setImmediate)
  t.equal(socket.frames(GOAWAY)[0]?.readUInt32BE(4), ENHANCE_YOUR_CALM)
})

t.test('of several sizes of the table in one SETTINGS the smallest is told as well', async (t) => {
  const { socket, ask } = visit()
  await ask(1)
  socket.push(frame(SETTINGS, 0, 0, Buffer.from([0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 16, 0])))
  await ask(1)
  socket.takeAll()
  await new Promise(setImmediate)
  const [, second] = socket.frames(HEADERS)
  // RFC 7541 §6.3: 0, then 4,096; and 204.
  t.match(second?.toString('hex'), /^203fe11f89/)
})

t.test('who widens the windows of many answers by one byte at a time is sent away', async (t) => {
  const window = (bytes: number) => frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0, 0, bytes >> 8, bytes & 0xff]))
  const { socket, ask } = visit((exchange) => {
    exchange.respond(200, [], '', 60_000)
    exchange.write(Buffer.alloc(60_000))
  })
  socket.takeAll()
  socket.push(window(0))
  await ask(concurrentStreams - 1)
  let widened = 0
  while (socket.frames(GOAWAY).length === 0 && widened < 5_000) {
    for (let i = 0; i < 100; i++) socket.push(window(++widened))
    await new Promise(setImmediate)
  }
  t.equal(socket.frames(GOAWAY)[0]?.readUInt32BE(4), ENHANCE_YOUR_CALM, `after ${widened} SETTINGS`)
})
