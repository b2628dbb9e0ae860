import t from 'tap'
import { eventually } from '../support/hang.js'
import { Agent, Server } from '../support/product.js'
import { drain, echoOn, pump, RandomSource, startEcho, startUpstream, visit } from '../support/pumps.js'
import { Relay } from '../support/relay.js'

const MIB = 1024 ** 2

async function carriers(server: Server, wanted: (count: number) => boolean, what: string): Promise<number> {
  return eventually(`${what} carriers`, async () => {
    const count = await server.metric('uniroute_carriers')
    if (!wanted(count)) throw new Error(`${count} carriers`)
    return count
  })
}

t.test('--connections 3: three carriers, and the others make good the loss of one', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const relay = await Relay.start(t, server.port)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port), '--connections', '3'], { via: relay.port })
  await carriers(server, (count) => count === 3, 'three')
  const visitors = await Promise.all(Array.from({ length: 9 }, () => visit(agent.port())))
  await Promise.all(visitors.map((visitor) => echoOn(visitor)))

  relay.cutNewest()
  await Promise.all(visitors.map((visitor) => echoOn(visitor)))
  await carriers(server, (count) => count === 3, 'three again')
  await Promise.all(visitors.map((visitor) => echoOn(visitor)))
  t.equal(await server.metric('uniroute_sessions_total'), 1, 'the session is the same')
  t.equal(await server.metric('uniroute_holds_total'), 0, 'and was never without a connection')
  for (const visitor of visitors) visitor.destroy()
})

t.test('--connections 3: every connection is reset, three times: visitors go on', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const relay = await Relay.start(t, server.port)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port), '--connections', '3'], { via: relay.port })
  const visitors = await Promise.all(Array.from({ length: 9 }, () => visit(agent.port())))
  for (let i = 0; i < 3; i++) {
    await Promise.all(visitors.map((visitor) => echoOn(visitor)))
    await carriers(server, (count) => count === 3, 'three')
    relay.cut()
  }
  const took = await Promise.all(visitors.map((visitor) => echoOn(visitor)))
  t.ok(Math.max(...took) < 2000, `after ${Math.round(Math.max(...took))} ms`)
  t.equal(await server.metric('uniroute_sessions_total'), 1, 'the session is the same')
  for (const visitor of visitors) visitor.destroy()
})

t.test('auto: a bulk transfer makes room for others by one more carrier', async (t) => {
  const server = await Server.start(t)
  const upstream = await startUpstream(t, (socket) => {
    socket.resume()
    void pump(socket, new RandomSource(2048 * MIB)).catch(() => undefined)
  })
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  t.equal(await server.metric('uniroute_carriers'), 1, 'one at rest')
  const bulk = await visit(agent.port())
  drain(bulk).catch(() => undefined)
  const count = await carriers(server, (each) => each > 1, 'more')
  t.ok(count <= 8)
  bulk.destroy()
})
