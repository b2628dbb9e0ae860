import t from 'tap'
import { streamToDuplex, type SessionOptions } from '../../src/wire/index.js'
import { eventually } from '../support/hang.js'
import { pumpRandom, sessionEnd, socketPair, type SessionEnd } from '../support/wire-pair.js'

/** Two ends of a resumable session; `add` joins them by one more carrier. */
function resumablePair(options: Partial<SessionOptions> = {}) {
  const held: string[] = []
  const end = (role: 'client' | 'server'): SessionEnd =>
    sessionEnd(
      role,
      [],
      { resumable: true, ...options },
      { onHold: () => held.push(role), onResume: () => held.push(`${role} resumed`) },
    )
  const client = end('client')
  const server = end('server')
  const add = async (): Promise<void> => {
    const [a, b] = await socketPair()
    const number = Math.max(client.session.nextCarrierNumber, server.session.nextCarrierNumber)
    if (client.session.closed || server.session.closed) return
    client.session.addCarrier(a, undefined, number)
    server.session.addCarrier(b, undefined, number)
  }
  return { client, server, add, held }
}

function pump(opener: SessionEnd, acceptor: SessionEnd, total: number): Promise<{ sent: string; got: string }> {
  return pumpRandom(opener, acceptor, { total, chunkMost: 100_000 })
}

t.test('streams go on where they were while carriers are cut at any moment, on either side', async (t) => {
  const { client, server, add } = resumablePair()
  await add()
  let cuts = 0
  let done = false
  const cutting = (async () => {
    while (!done) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
      const end = Math.random() < 0.5 ? client : server
      const victim = end.session.carriers[Math.floor(Math.random() * end.session.carriers.length)]
      if (victim !== undefined) {
        cuts++
        if (Math.random() < 0.5) victim.socket!.destroy()
        else victim.socket!.resetAndDestroy()
      }
      if (client.session.carriers.length < 3) await add()
    }
  })()
  const results = await Promise.all(
    Array.from({ length: 6 }, (_, i) => (i % 2 ? pump(client, server, 8e6) : pump(server, client, 8e6))),
  )
  done = true
  await cutting
  for (const { sent, got } of results) t.equal(got, sent)
  t.ok(cuts > 10, `${cuts} cuts`)
  t.ok(client.session.stats().sentAgain + server.session.stats().sentAgain > 0)
  if (client.session.held) await add()
  while (client.session.recovery.lostCarriers + server.session.recovery.lostCarriers > 0)
    await new Promise(setImmediate)
  client.session.close()
  t.equal(await server.closed, null)
  t.equal(client.session.options.resendBudget.used, 0)
  t.equal(server.session.options.resendBudget.used, 0)
  t.equal(server.session.stats().unconsumed, 0)
})

t.test(
  'all of several carriers are lost at once: word of one may be told over another that is lost as well',
  async (t) => {
    const { client, server, add } = resumablePair()
    for (let i = 0; i < 3; i++) await add()
    const incoming = server.nextStream()
    const out = streamToDuplex(client.session.open())
    out.write('first')
    const into = streamToDuplex(await incoming)
    for (let i = 0; i < 10; i++) {
      const all = [client, server].flatMap(({ session }) => session.carriers.map(({ socket }) => socket!))
      for (const socket of all.sort(() => Math.random() - 0.5)) socket.resetAndDestroy()
      await eventually('the loss', () => must(client.session.held && server.session.held))
      for (let j = 0; j < 3; j++) await add()
      out.write(`again ${i}`)
      await eventually('order', () => must([client, server].every((end) => end.session.recovery.lostCarriers === 0)))
    }
    out.end()
    into.end()
    let got = ''
    for await (const chunk of into) got += String(chunk)
    t.equal(got, `first${Array.from({ length: 10 }, (_, i) => `again ${i}`).join('')}`)
    t.equal(client.session.carriers.length, 3)
    client.session.close()
    t.equal(await server.closed, null)
  },
)

/** For `eventually`: throws until it holds. */
async function must(holds: boolean): Promise<void> {
  if (!holds) throw new Error('it does not hold yet')
}
