import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import t from 'tap'
import { INITIAL_WINDOW, streamToDuplex } from '../../src/wire/index.js'
import { sessionPair } from '../support/wire-pair.js'

t.test('a reader that stops reading stops the writer, and gets everything in the end', async (t) => {
  const { client, server } = await sessionPair()
  const writer = streamToDuplex(server.session.open())
  const total = 20 * 1024 * 1024
  let made = 0
  const source = new Readable({
    read() {
      made += 64 * 1024
      this.push(made > total ? null : Buffer.alloc(64 * 1024))
    },
  })
  const sending = pipeline(source, writer)
  const stream = await client.nextStream()
  const reader = streamToDuplex(stream)
  await once(reader, 'readable')
  for (let i = 0; i < 200; i++) await new Promise(setImmediate)
  t.ok(stream.bytesIn <= INITIAL_WINDOW + 64 * 1024, `${stream.bytesIn} bytes came while nobody read`)
  t.ok(made < 4 * 1024 * 1024, `${made} bytes were made`)
  reader.end()
  let size = 0
  for await (const chunk of reader as AsyncIterable<Buffer>) size += chunk.length
  await sending
  t.equal(size, total)
  client.session.close()
})

t.test('destroy with an error resets the stream; the other side learns it as an error', async (t) => {
  const { client, server } = await sessionPair()
  const here = streamToDuplex(server.session.open())
  here.on('error', () => {})
  here.write('x')
  const there = streamToDuplex(await client.nextStream())
  here.destroy(new Error('gone'))
  const [error] = (await once(there, 'error')) as [Error & { code: string }]
  t.equal(error.code, 'UR_WIRE_RESET')
  client.session.close()
})

t.test(
  'what was written before the end leaves, though both sides are done and the peer has not read yet',
  async (t) => {
    const { client, server } = await sessionPair()
    const asking = streamToDuplex(server.session.open())
    asking.end('question')
    const answering = streamToDuplex(await client.nextStream())
    for await (const chunk of answering.iterator({ destroyOnReturn: false })) t.equal(String(chunk), 'question')
    const answer = Buffer.alloc(INITIAL_WINDOW + 100_000, 'answer ')
    answering.end(answer)
    await once(answering, 'close')
    const heard: Buffer[] = []
    for await (const chunk of asking as AsyncIterable<Buffer>) heard.push(chunk)
    t.ok(Buffer.concat(heard).equals(answer))
    client.session.close()
  },
)
