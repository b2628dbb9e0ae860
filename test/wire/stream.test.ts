import t from 'tap'
import type { Stream, StreamHandler } from '../../src/wire/index.js'
import { INITIAL_WINDOW } from '../../src/wire/index.js'
import { sessionPair } from '../support/wire-pair.js'

interface Record {
  handler: StreamHandler
  received: () => string
  ended: Promise<void>
  closed: Promise<Error | null>
  closes: () => number
}

/** Writes down what a stream does; consumes at once unless told otherwise. */
function recorder(consume = true): Record {
  const slices: Buffer[] = []
  let closes = 0
  let end: () => void
  let close: (error: Error | null) => void
  const ended = new Promise<void>((resolve) => (end = resolve))
  const closed = new Promise<Error | null>((resolve) => (close = resolve))
  return {
    handler: {
      onData(slice, stream) {
        slices.push(Buffer.from(slice))
        if (consume) stream.consumed(slice.length)
      },
      onEnd: () => end(),
      onWritable() {},
      onClose(error) {
        closes++
        close(error)
      },
    },
    received: () => Buffer.concat(slices).toString(),
    ended,
    closed,
    closes: () => closes,
  }
}

t.test('bytes, the end and the close that came before attach are told on attach, in order', async (t) => {
  const { client, server } = await sessionPair()
  const opened = server.session.open()
  const opener = recorder()
  opened.attach(opener.handler)
  opened.write(Buffer.from('early '))
  opened.write(Buffer.from('bytes'))
  opened.end()
  const accepted = await client.nextStream()
  accepted.end()
  t.equal(await opener.closed, null, 'both directions are finished')
  const late = recorder()
  accepted.attach(late.handler)
  await late.ended
  t.equal(late.received(), 'early bytes')
  t.equal(await late.closed, null)
  t.equal(late.closes(), 1)
  client.session.close()
})

t.test('a stream can be handed on from one handler to the next within onData', async (t) => {
  const { client, server } = await sessionPair()
  const opened = server.session.open()
  opened.attach(recorder().handler)
  opened.write(Buffer.from('head'))
  const accepted = await client.nextStream()
  const second = recorder()
  let head = ''
  accepted.attach({
    ...recorder().handler,
    onData(slice, stream) {
      head = slice.toString()
      stream.consumed(slice.length)
      stream.attach(second.handler)
    },
  })
  opened.write(Buffer.from('body'))
  opened.end()
  await second.ended
  t.same([head, second.received()], ['head', 'body'])
  client.session.close()
})

t.test('write says no when the queue is full, onWritable says when there is room, and nothing is lost', async (t) => {
  const { client, server } = await sessionPair()
  const opened = server.session.open()
  let sent = 0
  const total = 40 * 1024 * 1024
  let refusals = 0
  const fill = (stream: Stream): void => {
    while (sent < total) {
      sent += 100_000
      if (!stream.write(Buffer.alloc(100_000))) {
        refusals++
        return
      }
    }
    stream.end()
  }
  opened.attach({ onData() {}, onEnd() {}, onWritable: fill, onClose() {} })
  fill(opened)
  const accepted = await client.nextStream()
  const got = recorder()
  accepted.attach(got.handler)
  await got.ended
  t.equal(accepted.bytesIn, sent)
  t.equal(opened.bytesOut, sent)
  t.ok(refusals > 10, `${refusals} refusals`)
  client.session.close()
})

t.test('a reader that consumes nothing costs one window and the sender one queue, not more', async (t) => {
  const { client, server } = await sessionPair()
  const opened = server.session.open()
  opened.attach(recorder().handler)
  while (opened.write(Buffer.alloc(50_000))) continue
  const accepted = await client.nextStream()
  accepted.attach(recorder(false).handler)
  const other = server.session.open()
  const done = recorder()
  other.attach(done.handler)
  other.write(Buffer.from('x'))
  const echo = await client.nextStream()
  echo.attach({
    ...recorder().handler,
    onData: (slice, stream) => void stream.write(slice),
    onEnd: (stream) => stream.end(),
  })
  other.end()
  await done.ended
  t.equal(done.received(), 'x', 'another stream of the session is served')
  t.equal(accepted.bytesIn, INITIAL_WINDOW)
  t.equal(client.session.stats().unconsumed - INITIAL_WINDOW <= 1, true)
  t.ok(opened.queued <= server.session.options.streamQueue + 50_000)
  client.session.close()
})

t.test(
  'the window grows while a fast stream fills it, stays within its maximum and its budget is given back',
  async (t) => {
    const { client, server } = await sessionPair({ client: { windowMax: 2 * 1024 * 1024 } })
    const opened = server.session.open()
    const total = 300 * 1024 * 1024
    let sent = 0
    const chunk = Buffer.alloc(256 * 1024)
    const fill = (stream: Stream): void => {
      while (sent < total) {
        sent += chunk.length
        if (!stream.write(chunk)) return
      }
      stream.end()
    }
    opened.attach({ onData() {}, onEnd() {}, onWritable: fill, onClose() {} })
    fill(opened)
    const accepted = await client.nextStream()
    let largest = 0
    const ended = new Promise<void>((resolve) => {
      accepted.attach({
        onData(slice, stream) {
          stream.consumed(slice.length)
          largest = Math.max(largest, stream.windowSize)
        },
        onEnd: () => resolve(),
        onWritable() {},
        onClose() {},
      })
    })
    await ended
    t.ok(largest > INITIAL_WINDOW, `grew to ${largest}`)
    t.ok(largest <= 2 * 1024 * 1024)
    accepted.end()
    t.equal(client.session.options.windowBudget.used, 0)
    client.session.close()
  },
)

t.test('a reset reaches the other side, drops what is queued, and is told once on both', async (t) => {
  const { client, server } = await sessionPair()
  const opened = server.session.open()
  const here = recorder()
  opened.attach(here.handler)
  while (opened.write(Buffer.alloc(100_000)));
  const accepted = await client.nextStream()
  const there = recorder(false)
  accepted.attach(there.handler)
  const why = new Error('the visitor left')
  opened.reset(why)
  opened.reset(why)
  t.equal(await here.closed, why)
  t.match(await there.closed, { code: 'UR_WIRE_RESET' })
  t.equal(opened.write(Buffer.from('more')), true, 'dropped')
  t.equal(client.session.streamCount + server.session.streamCount, 0)
  t.equal(client.session.stats().unconsumed, 0)
  t.same([here.closes(), there.closes()], [1, 1])
  client.session.close()
})

t.test('a stream that is reset before its first byte was never there for the peer', async (t) => {
  const { client, server } = await sessionPair()
  const never = server.session.open()
  never.attach(recorder().handler)
  never.reset()
  const next = server.session.open()
  next.attach(recorder().handler)
  next.write(Buffer.from('hi'))
  t.equal((await client.nextStream()).id, next.id)
  t.equal(client.streams.length, 1)
  client.session.close()
})
