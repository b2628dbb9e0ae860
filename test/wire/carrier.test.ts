import type { Socket } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { FrameParser, streamToDuplex } from '../../src/wire/index.js'
import { writeHeader } from '../../src/wire/frame.js'
import { sessionEnd, sessionPair, socketPair } from '../support/wire-pair.js'

const handler = { onData() {}, onEnd() {}, onWritable() {}, onClose() {} }

/** A header, with `payload` zero bytes behind it. */
function frame(type: number, flags: number, id: number, length: number, payload = 0): Buffer {
  const bytes = Buffer.alloc(12 + payload)
  writeHeader(bytes, 0, type, flags, id, length)
  return bytes
}

/** The go away code that comes on a raw socket. */
function goAwayFrom(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    const parser = new FrameParser({
      onHeader: (type, _flags, _id, length) => type === 3 && resolve(length),
      onPayload() {},
      onPayloadEnd() {},
    })
    socket.on('data', (chunk: Buffer) => parser.push(chunk)).resume()
    socket.on('close', () => reject(new Error('closed without a go away')))
  })
}

const violations: [string, string, Buffer][] = [
  ['an unknown type', 'UR_WIRE_TYPE', frame(9, 0, 0, 0)],
  ['version 1', 'UR_WIRE_VERSION', Buffer.from([1, ...frame(0, 0, 0, 0).subarray(1)])],
  ['a stream id of our own parity', 'UR_WIRE_STREAM_ID', frame(0, 1, 2, 0)],
  ['stream id 0', 'UR_WIRE_STREAM_ID', frame(1, 1, 0, 0)],
  ['an id opened twice', 'UR_WIRE_STREAM_ID', Buffer.concat([frame(0, 1, 1, 0), frame(0, 1, 1, 0)])],
  ['data beyond the window', 'UR_WIRE_WINDOW_EXCEEDED', frame(0, 1, 1, 256 * 1024 + 1)],
  ['a window above 2^32-1', 'UR_WIRE_WINDOW_OVERFLOW', Buffer.concat([frame(1, 1, 1, 1), frame(1, 0, 1, 0xffffffff)])],
  ['more pings than the limit', 'UR_WIRE_FLOOD', Buffer.concat(Array.from({ length: 101 }, () => frame(2, 1, 0, 1)))],
  [
    'more empty frames than the limit',
    'UR_WIRE_FLOOD',
    Buffer.concat([frame(0, 1, 1, 0), ...Array.from({ length: 101 }, () => frame(0, 0, 1, 0))]),
  ],
]

for (const [name, code, bytes] of violations) {
  t.test(`${name}: go away with a protocol error, and the session ends with ${code}`, async (t) => {
    const [ours, raw] = await socketPair()
    const end = sessionEnd('server', [ours], { controlRate: 100 }, { onStream: (stream) => stream.attach(handler) })
    const goAway = goAwayFrom(raw)
    raw.on('end', () => raw.end())
    raw.write(bytes)
    t.equal(await goAway, 1)
    t.match(await end.closed, { code })
    t.equal(end.session.streamCount, 0)
    raw.destroy()
  })
}

t.test('late frames for streams that are gone are ignored, payload and all', async (t) => {
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours])
  raw.write(Buffer.concat([frame(0, 0, 7, 3, 3), frame(1, 8, 9, 0), frame(0, 1, 11, 2, 2)]))
  t.equal((await end.nextStream()).id, 11)
  end.session.destroy(new Error('done'))
})

t.test('data after an end resets that stream and leaves the session alone', async (t) => {
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours])
  raw.write(Buffer.concat([frame(0, 1 | 4, 1, 0), frame(0, 0, 1, 4, 4), frame(0, 1, 3, 0)]))
  const first = await end.nextStream()
  const closed = new Promise((resolve) => first.attach({ ...handler, onClose: resolve }))
  t.match(await closed, { code: 'UR_WIRE_AFTER_FIN' })
  t.equal((await end.nextStream()).id, 3)
  end.session.destroy(new Error('done'))
})

t.test('streams above the limits are reset; the others go on', async (t) => {
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours], { maxInboundStreams: 2 })
  const resets: number[] = []
  const third = new Promise<void>((resolve) => {
    const parser = new FrameParser({
      onHeader(type, flags, id) {
        if (type === 1 && flags & 8) {
          resets.push(id)
          resolve()
        }
      },
      onPayload() {},
      onPayloadEnd() {},
    })
    raw.on('data', (chunk: Buffer) => parser.push(chunk)).resume()
  })
  raw.write(Buffer.concat([1, 3, 5].map((id) => frame(0, 1, id, 0))))
  await third
  t.same(resets, [5])
  t.equal(end.session.streamCount, 2)
  end.session.destroy(new Error('done'))
})

t.test('open refuses above the limit of streams', async (t) => {
  const { client, server } = await sessionPair({ server: { maxStreams: 1 } })
  server.session.open()
  t.throws(() => server.session.open(), { code: 'UR_WIRE_STREAM_LIMIT' })
  client.session.close()
  await server.closed
})

t.test('a carrier that dies takes its streams with it, and not those of the others', async (t) => {
  const { client, server } = await sessionPair({ carriers: 2 })
  const [first, second] = server.session.carriers
  const lost = server.session.open({ carrier: first! })
  const kept = streamToDuplex(server.session.open({ carrier: second! }))
  const closed = new Promise<Error | null>((resolve) => lost.attach({ ...handler, onClose: resolve }))
  lost.write(Buffer.from('x'))
  kept.write('y')
  const remote = [await client.nextStream(), await client.nextStream()]
  first!.socket!.resetAndDestroy()
  t.match(await closed, { code: 'UR_WIRE_CARRIER_LOST' })
  const echo = remote.find((stream) => stream.id !== lost.id)!
  echo.attach({ ...handler, onData: (slice, stream) => void stream.write(slice) })
  const [answer] = (await once(kept, 'data')) as [Buffer]
  t.equal(String(answer), 'y')
  t.equal(server.session.closed, false)
  kept.on('error', () => {})
  client.session.close()
  await server.closed
})

t.test('a carrier given back closes when its last stream is gone, and gets no new one', async (t) => {
  const { client, server } = await sessionPair({ carriers: 2 })
  const [keep, back] = server.session.carriers
  const last = streamToDuplex(server.session.open({ carrier: back! }))
  last.write('x')
  const remote = streamToDuplex(await client.nextStream())
  const gone = once(client.session.carriers[1]!.socket!, 'close')
  client.session.carriers[1]!.retire()
  remote.end()
  last.end()
  last.resume()
  remote.resume()
  await gone
  t.equal(client.session.carriers.length, 1)
  t.equal(server.session.pickCarrier(), keep)
  t.equal(client.session.closed, false)
  client.session.close()
  await server.closed
})

t.test('new streams take the carrier with the fewest unacknowledged bytes', async (t) => {
  const { client, server } = await sessionPair({ carriers: 2 })
  const bulk = server.session.open()
  bulk.attach(handler)
  while (bulk.write(Buffer.alloc(100_000)));
  const next = server.session.open()
  t.not(next.carrier, bulk.carrier)
  t.ok(bulk.carrier.unacknowledged > 100_000)
  client.session.destroy(new Error('done'))
  await server.closed
})

t.test('unacknowledged bytes become none once the peer has answered behind them', async (t) => {
  const { client, server } = await sessionPair()
  const stream = server.session.open()
  stream.attach(handler)
  stream.write(Buffer.alloc(200_000))
  const accepted = await client.nextStream()
  accepted.attach(handler)
  const carrier = server.session.carriers[0]!
  let rounds = 0
  while (carrier.unacknowledged >= 64 * 1024 && ++rounds < 1000) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await carrier.ping()
  }
  t.ok(carrier.unacknowledged < 64 * 1024)
  t.ok(carrier.probes.rtt! > 0)
  client.session.close()
  await server.closed
})

t.test('goAway refuses new streams and lets the others finish', async (t) => {
  const { client, server } = await sessionPair()
  const old = streamToDuplex(server.session.open())
  old.on('error', () => {})
  old.write('x')
  const accepted = streamToDuplex(await client.nextStream())
  accepted.on('error', () => {})
  client.session.goAway()
  const pong = server.session.carriers[0]!.ping()
  await pong
  t.throws(() => server.session.open(), { code: 'UR_WIRE_CLOSED' })
  old.end('bye')
  let text = ''
  for await (const chunk of accepted.iterator({ destroyOnReturn: false })) text += String(chunk)
  t.equal(text, 'xbye')
  server.session.close()
  await client.closed
})

t.test('a peer that makes us answer and never reads is dropped', async (t) => {
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours], { controlRate: Infinity, controlBacklog: 64 * 1024 })
  const pings = Buffer.concat(Array.from({ length: 10_000 }, () => frame(2, 1, 0, 1)))
  raw.on('error', () => {})
  const feed = (): void => {
    while (!raw.destroyed && raw.write(pings));
  }
  raw.on('drain', feed)
  feed()
  t.match(await end.closed, { code: 'UR_WIRE_FLOOD' })
  raw.destroy()
})

t.test('what is sent while a carrier closes is dropped, and the session ends without an error', async (t) => {
  const { client, server } = await sessionPair()
  const stream = client.session.open()
  stream.write(Buffer.from('before'))
  await server.nextStream()
  const [carrier] = client.session.carriers
  client.session.close()
  stream.write(Buffer.from('after'))
  const pinged = carrier!.ping().catch((error: Error & { code: string }) => error.code)
  stream.reset()
  t.equal(await client.closed, null)
  t.equal(await server.closed, null)
  t.equal(await pinged, 'UR_WIRE_CARRIER_LOST')
})
