import t, { type Test } from 'tap'
import type { SessionOptions } from '../../src/wire/index.js'
import { pumpRandom, farSocketPair, sessionEnd, type SessionEnd } from '../support/wire-pair.js'

const MIB = 1024 * 1024

async function farPair(t: Test, carriers: number, options: Partial<SessionOptions> = {}) {
  const client = sessionEnd('client', [], { resumable: true, striping: true, ...options })
  const server = sessionEnd('server', [], { resumable: true, striping: true, ...options })
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
