import t, { type Test } from 'tap'
import { WindowBudget, type Session, type SessionOptions, type Stream } from '../../src/wire/index.js'
import { SimPair } from '../support/simulation/pair.js'
import { pumpRandom, farSocketPair, sessionEnd, type SessionEnd } from '../support/wire-pair.js'

const MIB = 1024 * 1024

async function farPair(t: Test, carriers: number, options: Partial<SessionOptions> = {}) {
  const client = sessionEnd('client', [], { resumable: true, striping: true, stripes: 'always', ...options })
  const server = sessionEnd('server', [], { resumable: true, striping: true, stripes: 'always', ...options })
  const add = async (): Promise<void> => {
    const [a, b] = await farSocketPair(10)
    const number = Math.max(client.session.nextCarrierNumber, server.session.nextCarrierNumber)
    client.session.addCarrier(a, undefined, number)
    server.session.addCarrier(b, undefined, number)
  }
  for (let i = 0; i < carriers; i++) await add()
  // The path's length is known once pings were answered.
  for (const { session } of [client, server]) await Promise.all(session.carriers.map((carrier) => carrier.ping()))
  t.teardown(() => {
    client.session.destroy(new Error('the test is over'))
    server.session.destroy(new Error('the test is over'))
  })
  return { client, server, add }
}

/** Sends `total` bytes from one end to the other. Resolves with both hashes, and the number of carriers that bore a part. */
async function transfer(from: SessionEnd, to: SessionEnd, total: number, meanwhile?: () => void) {
  const before = new Map(to.session.carriers.map((carrier) => [carrier, carrier.bytesIn]))
  const onChunk = (left: number): void => {
    if (left < total / 2) meanwhile?.()
  }
  const { sent, got } = await pumpRandom(from, to, { total, chunkMost: 256 * 1024, onChunk })
  const used = [...before].filter(([carrier, bytes]) => carrier.bytesIn - bytes > total / 50).length
  return { sent, got, used }
}

t.test('a bulk stream over a long path uses carriers that are idle, but one, and arrives unchanged', async (t) => {
  const { client, server } = await farPair(t, 5)
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    const { sent, got, used } = await transfer(from, to, 64 * MIB)
    t.equal(got, sent)
    t.equal(used, 4)
  }
  t.equal(server.session.stats().unconsumed, 0)
  t.equal(client.session.options.windowBudget.used, 0)
  for (const { session } of [client, server]) for (const { lanes } of session.carriers) t.equal(lanes.size, 0)
})

t.test('without the capability, or over a short path, a stream stays on its carrier', async (t) => {
  const { client, server } = await farPair(t, 3, { striping: false })
  const { sent, got, used } = await transfer(client, server, 16 * MIB)
  t.equal(got, sent)
  t.equal(used, 1)
})

t.test('a striped stream goes on while its carriers are lost one after the other', async (t) => {
  const { client, server, add } = await farPair(t, 4)
  let cuts = 0
  let adding = Promise.resolve()
  const { sent, got } = await transfer(server, client, 64 * MIB, () => {
    const victim = server.session.carriers[cuts % Math.max(1, server.session.carriers.length)]
    if (cuts >= 12 || Math.random() < 0.8 || victim === undefined) return
    cuts++
    victim.socket!.destroy()
    adding = adding.then(add)
  })
  await adding
  t.equal(got, sent)
  t.ok(cuts > 3, `${cuts} cuts`)
})

/** Two ends over five links, whose length they know. */
function farSimPair(options: Partial<SessionOptions> = {}, delayMs = 5): SimPair {
  const pair = new SimPair({ striping: true, stripes: 'always', stripeAfter: 1_000, ...options }, delayMs)
  pair.turns.run(() => {
    for (let i = 0; i < 5; i++) pair.add()
    pair.settle()
  })
  return pair
}

/** A stream of the server's, of which both sides know; and how much of it comes. */
function known(pair: SimPair): { stream: Stream; got: () => number } {
  const stream = pair.server.open()
  stream.attach({ onData() {}, onEnd() {}, onWritable() {}, onClose() {} })
  stream.write(Buffer.from('x'))
  pair.settle()
  let got = 0
  const other = pair.client.stream(stream.id)!
  other.attach({
    onData(slice) {
      got += slice.length
      other.consumed(slice.length)
    },
    onEnd() {},
    onWritable() {},
    onClose() {},
  })
  pair.turns.advance(1_250) // the ACK waited for that
  pair.settle()
  return { stream, got: () => got }
}

const lanesOf = ({ carriers }: Session): number[] => carriers.map(({ lanes }) => lanes.size)

t.test('a stream is not striped before the other side is known to know it', async (t) => {
  const pair = farSimPair()
  pair.turns.run(() => {
    const stream = pair.server.open()
    stream.attach({ onData() {}, onEnd() {}, onWritable() {}, onClose() {} })
    for (let i = 0; i < 10; i++) stream.write(Buffer.alloc(10_000))
    t.same(lanesOf(pair.server), [0, 0, 0, 0, 0], 'its SYN is under way, and would come behind')
    pair.settle()
    pair.turns.advance(1_250)
    pair.settle()
    stream.write(Buffer.alloc(10_000))
    t.same(lanesOf(pair.server), [1, 1, 1, 1, 0])
  })
})

t.test('a striped stream goes on when the carrier that it began on retires, and all others are lost', async (t) => {
  const pair = farSimPair()
  pair.turns.run(() => {
    const { stream, got } = known(pair)
    stream.write(Buffer.alloc(100_000))
    pair.settle()
    t.same(lanesOf(pair.server), [1, 1, 1, 1, 0])
    stream.carrier.retire()
    pair.settle()
    for (const link of pair.links) if (link.number !== stream.carrier.number) pair.fail(link, 'server', 'client')
    pair.settle()
    stream.write(Buffer.alloc(100_000))
    pair.settle()
    t.equal(got(), 200_001)
    t.same(pair.closes, [])
  })
})

t.test('what is written bit by bit goes to one carrier until that has a chunk of it', async (t) => {
  const pair = farSimPair({ stripeChunk: 16 * 1024 })
  pair.turns.run(() => {
    const { stream, got } = known(pair)
    stream.write(Buffer.alloc(5_000))
    pair.settle()
    const before = pair.client.carriers.map(({ bytesIn }) => bytesIn)
    for (let i = 0; i < 160; i++) stream.write(Buffer.alloc(100))
    pair.settle()
    const parts = pair.client.carriers.map(({ bytesIn }, i) => bytesIn - before[i]!)
    t.equal(parts.filter((bytes) => bytes > 0).length, 1, `160 times 100 bytes came as ${parts.join(', ')}`)
    for (let i = 0; i < 640; i++) stream.write(Buffer.alloc(100))
    pair.settle()
    t.equal(pair.client.carriers.filter(({ bytesIn }, i) => bytesIn > before[i]!).length, 4)
    t.equal(got(), 5_001 + 80_000)
  })
})

t.test('what waits out of order is given back when the stream is reset', async (t) => {
  const pair = farSimPair()
  pair.turns.run(() => {
    const { stream } = known(pair)
    stream.write(Buffer.alloc(5_000))
    pair.settle()
    stream.write(Buffer.alloc(20_000))
    const first = pair.links.find(({ server }) => server.sendable > 0)
    for (let i = 0; i < 9; i++) stream.write(Buffer.alloc(20_000))
    pair.turns.turn()
    const others = pair.links.filter((link) => link !== first)
    for (const { server } of others) server.send(Infinity)
    pair.turns.advance(15)
    for (const { client } of others) while (client.receivable) client.receive(Infinity)
    const { reordering, unconsumed } = pair.client.stats()
    t.ok(reordering > 100_000, `${reordering} bytes wait`)
    t.ok(unconsumed >= reordering)
    pair.client.stream(stream.id)!.reset()
    t.same([pair.client.stats().reordering, pair.client.stats().unconsumed], [0, 0])
    pair.settle()
    t.same(pair.closes, [])
  })
})

t.test('full carriers take more as soon as what is under way has arrived, also behind a replay', async (t) => {
  for (const delayMs of [3, 20]) {
    const pair = farSimPair({ stripeUnderWay: 128 * 1024, resendBudget: new WindowBudget(4 * 1024 * 1024) }, delayMs)
    pair.turns.run(() => {
      const { stream, got } = known(pair)
      stream.write(Buffer.alloc(2_000))
      pair.settle()
      for (let i = 0; i < 10; i++) stream.write(Buffer.alloc(100_000))
      pair.settle()
      t.equal(got(), 1_002_001, `${2 * delayMs} ms: nothing waits for a heartbeat`)
      for (let i = 0; i < 10; i++) stream.write(Buffer.alloc(100_000))
      for (const link of pair.links.slice(0, 4)) pair.fail(link, 'server', 'client')
      pair.settle()
      t.equal(got(), 2_002_001, 'four of five are lost')
    })
  }
})

t.test('where several carriers bring no more than one, a stream leaves them again and arrives unchanged', async (t) => {
  const pair = farSimPair({ stripes: 'tried' })
  pair.turns.run(() => {
    const { stream, got } = known(pair)
    const seen = new Set<string>()
    let written = 1
    for (let round = 0; round < 200; round++) {
      stream.write(Buffer.alloc(200_000))
      written += 200_000
      pair.settle()
      pair.turns.advance(5)
      seen.add(lanesOf(pair.server).join(''))
    }
    t.same([...seen], ['00000', '11110', '10000'], 'one, all but one, one')
    t.equal(got(), written)
    stream.end()
    pair.settle()
    t.ok(pair.client.stream(stream.id)?.finReceived)
    t.same(pair.closes, [])
  })
})

t.test('where one connection is as fast as the path, nothing is tried', async (t) => {
  const pair = farSimPair({ stripes: 'never' })
  pair.turns.run(() => {
    const { stream, got } = known(pair)
    for (let i = 0; i < 50; i++) stream.write(Buffer.alloc(10_000))
    pair.settle()
    t.same(lanesOf(pair.server), [0, 0, 0, 0, 0])
    t.equal(got(), 500_001)
  })
})
