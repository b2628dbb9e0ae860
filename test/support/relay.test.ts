import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import t from 'tap'
import { within } from './hang.js'
import { echo, echoOn, drain, pump, RandomSource, startEcho, startUpstream, visit } from './pumps.js'
import { Relay } from './relay.js'

t.test('passes bytes and half-closes both ways', async (t) => {
  const upstream = await startUpstream(t, (socket) => {
    void drain(socket).then((sum) => socket.end(JSON.stringify(sum)))
  })
  const relay = await Relay.start(t, upstream.port)
  const socket = await visit(relay.port)
  const answer: Buffer[] = []
  socket.on('data', (chunk: Buffer) => answer.push(chunk))
  const ended = once(socket, 'end')
  const sent = await pump(socket, new RandomSource(300_000))
  await within('the answer', ended)
  t.same(JSON.parse(Buffer.concat(answer).toString()), sent)
})

t.test('freeze holds bytes back, thaw delivers them', async (t) => {
  const relay = await Relay.start(t, (await startEcho(t)).port)
  const socket = await visit(relay.port)
  await echoOn(socket)
  relay.freeze()
  await t.rejects(echoOn(socket, Buffer.from('frozen'), 200), /waited 200 ms/)
  const late = once(socket, 'data')
  relay.thaw()
  t.same((await within('the late bytes', late))[0], Buffer.from('frozen'))
  socket.destroy()
})

t.test('swallow kills what stands, in silence; heal lets the new ones through', async (t) => {
  const relay = await Relay.start(t, (await startEcho(t)).port)
  const old = await visit(relay.port)
  await echoOn(old)
  relay.swallow()
  await t.rejects(echoOn(old, randomBytes(9), 200), /waited 200 ms/)
  const young = await visit(relay.port)
  const answered = echoOn(young)
  relay.heal()
  await answered
  await t.rejects(echoOn(old, randomBytes(9), 200), /waited 200 ms/)
  t.notOk(old.destroyed)
  old.destroy()
  young.destroy()
})

t.test('cut resets', async (t) => {
  const relay = await Relay.start(t, (await startEcho(t)).port)
  const socket = await visit(relay.port)
  await echoOn(socket)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  relay.cut()
  t.equal(await within('the reset', closed), true, 'by an error')
  await echo(relay.port)
})
