import { once } from 'node:events'
import t from 'tap'
import { FrameParser } from '../../src/wire/index.js'
import { writeHeader } from '../../src/wire/frame.js'
import { sessionEnd, sessionPair, socketPair } from '../support/wire-pair.js'

t.test('a silent peer is pinged and then dropped', async (t) => {
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours], { heartbeatMs: 800, deadMs: 1_200 })
  let pings = 0
  const parser = new FrameParser({
    onHeader: (type) => void (type === 2 && pings++),
    onPayload() {},
    onPayloadEnd() {},
  })
  raw.on('data', (chunk: Buffer) => parser.push(chunk)).resume()
  raw.on('error', () => {})
  const started = performance.now()
  t.match(await end.closed, { code: 'UR_WIRE_TIMEOUT' })
  t.ok(performance.now() - started >= 1_200, 'not before its time')
  t.ok(pings >= 1)
})

t.test('data that waits on a silent carrier ends all that are silent: none is a way out for it', async (t) => {
  const pairs = await Promise.all([socketPair(), socketPair()])
  let onHold!: () => void
  const held = new Promise<void>((resolve) => (onHold = resolve))
  const options = { resumable: true, heartbeatMs: 2_400, deadMs: 2_400 }
  const sockets = pairs.map(([ours]) => ours)
  const { session } = sessionEnd('server', sockets, options, { onHold: () => onHold() })
  for (const [, raw] of pairs) raw.on('error', () => {}).resume()
  const [busy, idle] = session.carriers
  session.open({ carrier: busy! }).write(Buffer.from('waits'))
  await held
  t.same([busy?.silentLooks, idle?.silentLooks], [4, 4], 'of 12 that make up deadMs')
  session.destroy(new Error('done'))
})

t.test('peers that answer pings stay, however long they have nothing to say', async (t) => {
  const { client, server } = await sessionPair({
    client: { heartbeatMs: 60, deadMs: 120 },
    server: { heartbeatMs: 60, deadMs: 120 },
  })
  await new Promise((resolve) => setTimeout(resolve, 800))
  t.equal(client.session.closed, false)
  t.equal(server.session.closed, false)
  t.equal(await client.session.answers(5_000), true)
  client.session.close()
  await server.closed
})

t.test('a process that slept does not take its own sleep for silence', async (t) => {
  let now = 0
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours], { heartbeatMs: 200, deadMs: 300, clock: { now: () => now } })
  const pinged = new Promise<number>((resolve) => {
    let seen = 0
    const parser = new FrameParser({
      onHeader(type, flags, _id, opaque) {
        if (type !== 2 || !(flags & 1)) return
        const pong = Buffer.alloc(12)
        writeHeader(pong, 0, 2, 2, 0, opaque)
        raw.write(pong)
        if (++seen === 1) now += 3_600_000
        else resolve(seen)
      },
      onPayload() {},
      onPayloadEnd() {},
    })
    raw.on('data', (chunk: Buffer) => parser.push(chunk)).resume()
  })
  t.ok((await pinged) > 1, 'pinged at once')
  t.equal(end.session.closed, false)
  end.session.destroy(new Error('done'))
  await once(raw, 'close').catch(() => {})
})

t.test('answers says no when nothing comes back in time', async (t) => {
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours])
  t.equal(await end.session.answers(50), false)
  end.session.destroy(new Error('done'))
  raw.destroy()
})

t.test('a stream that nobody answers is acknowledged all the same', async (t) => {
  const [ours, raw] = await socketPair()
  const end = sessionEnd('server', [ours], { heartbeatMs: 200, deadMs: 300 })
  const acknowledged = new Promise<number>((resolve) => {
    const parser = new FrameParser({
      onHeader: (type, flags, id) => void (type === 1 && flags & 2 && resolve(id)),
      onPayload() {},
      onPayloadEnd() {},
    })
    raw.on('data', (chunk: Buffer) => parser.push(chunk)).resume()
  })
  const syn = Buffer.alloc(12)
  writeHeader(syn, 0, 0, 1, 1, 0)
  raw.write(syn)
  t.equal(await acknowledged, 1)
  end.session.destroy(new Error('done'))
})
