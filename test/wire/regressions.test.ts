import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import t from 'tap'
import { Client, Server } from 'yamux-js'
import { FrameParser, INITIAL_WINDOW, streamToDuplex, type Stream } from '../../src/wire/index.js'
import { within } from '../support/hang.js'
import { ACK, DATA, FIN, frame, GO_AWAY, PING, rawPeer, RST, SYN, WINDOW_UPDATE } from '../support/raw-peer.js'
import { sessionPair } from '../support/wire-pair.js'

/*
 * Holes and faults that other yamux implementations had, each with a peer that goes through it on purpose.
 * test/wire/carrier.test.ts has the plain violations.
 */

/** Collects what a stream is told. */
function follow(stream: Stream): { bytes: number; text: string; ended: boolean; closed: Promise<Error | null> } {
  const told = { bytes: 0, text: '', ended: false, closed: Promise.resolve<Error | null>(null) }
  told.closed = new Promise((resolve) => {
    stream.attach({
      onData(slice) {
        told.bytes += slice.length
        told.text += slice.length < 100 ? slice.toString('latin1') : ''
        stream.consumed(slice.length)
      },
      onEnd: () => (told.ended = true),
      onWritable() {},
      onClose: resolve,
    })
  })
  return told
}

t.test('CVE-2024-32984 (rust-yamux): answers for a peer that does not read are bounded', async (t) => {
  const limits = { controlRate: Infinity, controlBacklog: 64 * 1024, carrierBacklog: 64 * 1024, streamQueue: 16 * 1024 }
  const bound = 64 * 1024 + 2 * 16 * 1024 + 64 * 1024
  const provocations = {
    pings: (_: number) => frame(PING, SYN, 0, 7),
    'streams that are refused': (i: number) => frame(WINDOW_UPDATE, SYN, 2 * i + 1, 0),
  }
  for (const [what, provocation] of Object.entries(provocations)) {
    const { end, socket } = await rawPeer('server', { ...limits, maxInboundStreams: 0 }, false)
    let most = 0
    let over = false
    void end.closed.then(() => (over = true))
    for (let i = 0; !over && i < 4_000_000; i += 4000) {
      socket.write(Buffer.concat(Array.from({ length: 4000 }, (_, j) => provocation(i + j))))
      do await new Promise(setImmediate)
      while (!over && socket.writableNeedDrain)
      most = Math.max(most, end.session.stats().pending)
    }
    t.match(await within('the end of the session', end.closed), { code: 'UR_WIRE_FLOOD' }, what)
    t.ok(most <= bound + 64, `at most ${most} bytes waited`)
    socket.destroy()
  }
})

t.test('CVE-2026-32314 (rust-yamux): the first frame of a stream is measured against the window', async (t) => {
  const fits = await rawPeer('server')
  fits.socket.write(frame(DATA, SYN, 1, Buffer.alloc(INITIAL_WINDOW)))
  const told = follow(await fits.end.nextStream())
  await fits.next(({ streamId, length }) => streamId === 1 && length > 0)
  t.equal(told.bytes, INITIAL_WINDOW, 'a whole window at once is right')

  const exceeds = await rawPeer('server')
  exceeds.socket.write(frame(DATA, SYN, 1, Buffer.alloc(INITIAL_WINDOW + 1)))
  const stream = follow(await exceeds.end.nextStream())
  t.equal((await exceeds.next(({ type }) => type === GO_AWAY)).length, 1, 'protocol error')
  t.match(await exceeds.end.closed, { code: 'UR_WIRE_WINDOW_EXCEEDED' })
  t.match(await stream.closed, { code: 'UR_WIRE_WINDOW_EXCEEDED' })
  t.equal(stream.bytes, 0, 'not one byte was handed on')
  t.same(exceeds.end.session.stats().unconsumed, 0)
  fits.end.session.destroy(new Error('done'))
})

t.test('CVE-2026-31814 (rust-yamux): credit that overflows ends the session, not the process', async (t) => {
  for (const [what, frames] of [
    ['at once', [frame(WINDOW_UPDATE, SYN, 1, 0xffff_ffff)]],
    [
      'bit by bit',
      [
        frame(WINDOW_UPDATE, SYN, 1, 0x7fff_ffff),
        frame(WINDOW_UPDATE, 0, 1, 0x7fff_ffff),
        frame(WINDOW_UPDATE, 0, 1, 0xffff),
      ],
    ],
  ] as const) {
    const { end, socket, next } = await rawPeer('server')
    socket.write(Buffer.concat(frames))
    t.equal((await next(({ type }) => type === GO_AWAY)).length, 1)
    t.match(await end.closed, { code: 'UR_WIRE_WINDOW_OVERFLOW' }, what)
  }
  const { end, socket, next } = await rawPeer('server')
  socket.write(frame(WINDOW_UPDATE, SYN, 1, 0xffff_ffff - INITIAL_WINDOW))
  const stream = await end.nextStream()
  stream.write(Buffer.from('the largest window there is'))
  t.equal((await next(({ type }) => type === DATA)).streamId, 1)
  end.session.destroy(new Error('done'))
})

t.test('CVE-2022-23492 (go-libp2p): streams are opened only up to a limit', async (t) => {
  const { end, socket, next } = await rawPeer('client', { maxInboundStreams: 10 })
  socket.write(Buffer.concat(Array.from({ length: 5000 }, (_, i) => frame(WINDOW_UPDATE, SYN, 2 * i + 2, 0))))
  const last = await next(({ streamId }) => streamId === 10_000)
  t.equal(last.flags, RST)
  t.equal(end.session.streamCount, 10)
  t.equal(end.streams.length, 10, 'nobody was told of the others')
  end.session.destroy(new Error('done'))
})

t.test('CVE-2023-44487 (rapid reset): streams that are opened and reset at once are counted', async (t) => {
  for (const [what, open] of [
    ['in two frames', (id: number) => [frame(WINDOW_UPDATE, SYN, id, 0), frame(WINDOW_UPDATE, RST, id, 0)]],
    ['in one frame', (id: number) => [frame(WINDOW_UPDATE, SYN | RST, id, 0)]],
    ['in one data frame', (id: number) => [frame(DATA, SYN | RST, id, Buffer.from('x'))]],
  ] as const) {
    const { end, socket } = await rawPeer('server', { controlRate: 100 })
    socket.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => open(2 * i + 1)).flat()))
    t.match(await within('the end of the session', end.closed), { code: 'UR_WIRE_FLOOD' }, what)
    t.ok(end.streams.length <= 101, `${end.streams.length} streams were told of`)
  }
})

t.test('a body of 4 GiB is refused at its header, where js-libp2p-yamux would collect it first', async (t) => {
  const { end, socket } = await rawPeer('server')
  socket.write(Buffer.concat([frame(WINDOW_UPDATE, SYN, 1, 0), frame(DATA, 0, 1, 0xffff_ffff)]))
  t.match(await end.closed, { code: 'UR_WIRE_WINDOW_EXCEEDED' })
})

/** The two ends of a session of yamux-js, joined by nothing: a test hands the bytes over. */
function yamuxJs(onStream: (stream: Duplex) => void): { client: Client; server: Server; sent: Buffer[] } {
  const config = { enableKeepAlive: false, logger: () => {} }
  const client = new Client(config)
  const server = new Server(onStream, config)
  for (const session of [client, server]) session.on('error', () => {})
  const sent: Buffer[] = []
  client.on('data', (bytes: Buffer) => sent.push(bytes))
  return { client, server, sent }
}

t.test('fault 1 of yamux-js 0.2.0: it loses a frame that comes in two reads; src/wire does not', async (t) => {
  for (const [where, cut] of [
    ['nowhere', 0],
    ['within the payload', 12 + 6],
    ['within the header', 5],
  ] as const) {
    let heard = ''
    const peer = yamuxJs((stream) =>
      stream.on('error', () => {}).on('data', (bytes: Buffer) => (heard += String(bytes))),
    )
    const opened = peer.client.open()
    opened.on('error', () => {})
    opened.write('hello world')
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate)
    const [syn, ...rest] = peer.sent
    const data = Buffer.concat(rest)
    const pieces = [syn!, data.subarray(0, cut), data.subarray(cut)].filter((piece) => piece.length > 0)

    const { end, socket } = await rawPeer('server')
    let sent = 0
    for (const piece of pieces) {
      peer.server.write(piece)
      sent += piece.length
      socket.write(piece)
      while (end.session.carriers[0]!.socket!.bytesRead < sent) await new Promise(setImmediate)
    }
    const ours = follow(await end.nextStream())
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate)
    t.equal(ours.text, 'hello world', `src/wire, cut ${where}`)
    t.equal(heard, cut === 0 ? 'hello world' : '', `yamux-js, cut ${where}`)
    end.session.destroy(new Error('done'))
  }
})

t.test('fault 2 of yamux-js: 300,000 frames in one chunk cost no stack and no quadratic time', async (t) => {
  let frames = 0
  const parser = new FrameParser({ onHeader() {}, onPayload() {}, onPayloadEnd: () => void frames++ })
  const chunk = Buffer.concat(Array.from({ length: 300_000 }, () => frame(DATA, 0, 1, Buffer.from('x'))))
  const started = performance.now()
  parser.push(chunk)
  const took = performance.now() - started
  t.equal(frames, 300_000)
  t.ok(took < 3000, `${Math.round(took)} ms`)
})

t.test('faults 3 and 4 of yamux-js: a closed window stops the sender, and opens without a timer', async (t) => {
  const { client, server } = await sessionPair({
    client: { windowMax: INITIAL_WINDOW },
    server: { windowMax: INITIAL_WINDOW },
  })
  const sending = streamToDuplex(server.session.open())
  const total = 128 * INITIAL_WINDOW
  sending.end(Buffer.alloc(total))
  const stream = await client.nextStream()
  const started = performance.now()
  let most = 0
  let bytes = 0
  const done = new Promise<Error | null>((resolve) => {
    stream.attach({
      onData(slice) {
        bytes += slice.length
        most = Math.max(most, client.session.stats().unconsumed)
        // Consumed a window at a time: every time the sender has come to a stop.
        if (bytes % INITIAL_WINDOW === 0) stream.consumed(INITIAL_WINDOW)
      },
      onEnd: () => stream.end(),
      onWritable() {},
      onClose: resolve,
    })
  })
  sending.resume()
  t.equal(await within('the transfer', done), null)
  t.equal(bytes, total)
  t.ok(most <= INITIAL_WINDOW, `at most ${most} bytes were here and not consumed`)
  // yamux-js looks every 100 ms whether the window has opened: 12.8 s.
  const took = performance.now() - started
  t.ok(took < 6000, `${Math.round(took)} ms for 128 closed windows`)
  client.session.close()
})

t.test('fault 5 of yamux-js: flags are bits, on data frames too, and a SYN brings payload and credit', async (t) => {
  const { end, socket, next } = await rawPeer('server')
  socket.write(frame(DATA, SYN | FIN, 1, Buffer.from('all at once')))
  const first = follow(await end.nextStream())
  t.same([first.text, first.ended], ['all at once', true], 'SYN|FIN with payload')

  socket.write(frame(WINDOW_UPDATE, SYN, 3, 100_000))
  const second = await end.nextStream()
  second.write(Buffer.alloc(INITIAL_WINDOW + 100_000))
  let sent = 0
  while (sent < INITIAL_WINDOW + 100_000) sent += (await next((f) => f.type === DATA && f.streamId === 3)).length
  t.equal(second.bytesOut, INITIAL_WINDOW + 100_000, 'the delta of the SYN counts')

  const own = end.session.open()
  const third = follow(own)
  own.write(Buffer.from('question'))
  socket.write(frame(WINDOW_UPDATE, ACK | FIN, own.id, 0))
  own.end()
  t.equal(await within('the third stream', third.closed), null, 'ACK|FIN ends it')
  t.ok(third.ended)

  socket.write(frame(DATA, SYN | RST, 5, Buffer.from('never mind')))
  const fourth = follow(await end.nextStream())
  t.match(await fourth.closed, { code: 'UR_WIRE_RESET' }, 'SYN|RST')
  end.session.destroy(new Error('done'))
})

t.test('fault 6 of yamux-js: half-close both ways, and a reset is an error', async (t) => {
  const { end, socket, next } = await rawPeer('server')
  socket.write(frame(DATA, SYN | FIN, 1, Buffer.from('question')))
  const stream = await end.nextStream()
  const told = follow(stream)
  t.ok(told.ended)
  stream.write(Buffer.from('answer'))
  stream.end()
  t.equal(String((await next(({ type }) => type === DATA)).payload), 'answer', 'we still write after their FIN')
  t.equal((await next(({ flags }) => (flags & FIN) !== 0)).streamId, 1, 'end() is a FIN')
  t.equal(await told.closed, null)

  socket.write(frame(DATA, SYN, 3, Buffer.from('x')))
  const duplex = streamToDuplex(await end.nextStream())
  const failed = once(duplex, 'error') as Promise<[Error & { code: string }]>
  socket.write(frame(WINDOW_UPDATE, RST, 3, 0))
  t.equal((await failed)[0].code, 'UR_WIRE_RESET')
  t.ok(duplex.destroyed)
  end.session.destroy(new Error('done'))
})

t.test(
  'fault 7 of yamux-js: a go away swallows nothing, and streams are counted while they are open only',
  async (t) => {
    const { end, socket } = await rawPeer('server', { maxInboundStreams: 256 })
    socket.write(frame(WINDOW_UPDATE, SYN, 1, 0))
    const told = follow(await end.nextStream())
    socket.write(Buffer.concat([frame(GO_AWAY, 0, 0, 0), frame(DATA, FIN, 1, Buffer.from('behind the go away'))]))
    const stream = end.streams[0]!
    while (!told.ended) await new Promise(setImmediate)
    t.equal(told.text, 'behind the go away')
    t.throws(() => end.session.open(), { code: 'UR_WIRE_CLOSED' })
    stream.end()
    t.equal(await told.closed, null)
    end.session.destroy(new Error('done'))

    const { client, server } = await sessionPair({ client: { maxInboundStreams: 256 } })
    for (let i = 0; i < 1000; i++) {
      const opened = server.session.open()
      const closed = follow(opened).closed
      opened.write(Buffer.from('x'))
      opened.end()
      const accepted = await client.nextStream()
      follow(accepted)
      accepted.end()
      if ((await closed) !== null) t.fail(`stream ${i}`)
    }
    t.equal(client.session.stats().streamsAccepted, 1000, 'a thousand one after another')
    client.session.close()
  },
)
