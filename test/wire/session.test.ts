import t from 'tap'
import { streamToDuplex } from '../../src/wire/index.js'
import { pumpRandom, sessionPair } from '../support/wire-pair.js'

t.test('64 MiB each way at the same time arrive unchanged, over one and over two carriers', async (t) => {
  for (const carriers of [1, 2]) {
    const { client, server } = await sessionPair({ carriers })
    const total = 64 * 1024 * 1024
    const pump = async (opener: typeof client, acceptor: typeof client) => {
      const { sent, got, size } = await pumpRandom(opener, acceptor, { total, chunkMost: 200_000 })
      t.equal(size, total)
      t.equal(got, sent)
    }
    await Promise.all([pump(client, server), pump(server, client)])
    client.session.close()
    t.equal(await server.closed, null)
    t.equal(await client.closed, null)
    t.equal(server.session.stats().unconsumed, 0)
    t.equal(client.session.streamCount, 0)
  }
})

t.test('one side ends and still gets the whole answer', async (t) => {
  const { client, server } = await sessionPair()
  const asking = streamToDuplex(server.session.open())
  asking.end('question')
  const answering = streamToDuplex(await client.nextStream())
  let question = ''
  for await (const chunk of answering.iterator({ destroyOnReturn: false })) question += String(chunk)
  t.equal(question, 'question')
  answering.end(Buffer.alloc(3_000_000, 'a'))
  let size = 0
  for await (const chunk of asking.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) size += chunk.length
  t.equal(size, 3_000_000)
  server.session.close()
  await client.closed
})
