import t, { type Test } from 'tap'
import { eventually, pause } from '../support/hang.js'
import { Agent, Server } from '../support/product.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'
import { Relay } from '../support/relay.js'

/** What the user may wait at most once the cause has gone away. */
const BACK_MS = 2000

/** An echo behind `uniroute tcp`, the agent connected through a relay. */
async function tunnelThroughRelay(t: Test) {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const relay = await Relay.start(t, server.port)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)], { via: relay.port })
  const port = agent.port()
  await echo(port)
  return { server, upstream, relay, agent, port }
}

/** From now on the tunnel must answer again within `BACK_MS`, on the port that it had. */
async function backInTime(t: Test, port: number): Promise<void> {
  const start = performance.now()
  await eventually(`the tunnel on port ${port} to be back`, () => echo(port, Buffer.from('back?'), 1000))
  const ms = Math.round(performance.now() - start)
  t.ok(ms < BACK_MS, `back after ${ms} ms`)
}

t.test('agent frozen by SIGSTOP, and thawed', async (t) => {
  const { agent, port, server } = await tunnelThroughRelay(t)
  const visitor = await visit(port)
  await echoOn(visitor)

  t.test('for a moment: nothing is lost, not even the open connections', async (t) => {
    agent.process.kill('SIGSTOP')
    await pause(1500)
    const answered = echoOn(visitor)
    agent.process.kill('SIGCONT')
    const start = performance.now()
    await answered
    t.ok(performance.now() - start < BACK_MS)
    await backInTime(t, port)
  })

  t.test('for longer than the server waits for a ping', async (t) => {
    agent.process.kill('SIGSTOP')
    await eventually(
      'the server to end the session',
      async () => {
        if ((await server.metric('uniroute_sessions')) > 0) throw new Error('still there')
      },
      30_000,
      200,
    )
    agent.process.kill('SIGCONT')
    await backInTime(t, port)
    visitor.destroy()
  })
})

t.test('the network between agent and server', async (t) => {
  t.test('resets every connection', async (t) => {
    const { relay, port } = await tunnelThroughRelay(t)
    relay.cut()
    await backInTime(t, port)
  })

  t.test('swallows packets until both sides have given up, then heals', async (t) => {
    const { relay, port, agent } = await tunnelThroughRelay(t)
    const before = relay.connections
    relay.swallow()
    await eventually(
      'the agent to notice and try again',
      async () => {
        if (relay.connections === before) throw new Error('no new connection')
      },
      30_000,
      100,
    )
    await pause(3000)
    relay.heal()
    await backInTime(t, port)
    t.equal(agent.process.ending, null)
  })

  t.test('loses packets for a moment: the same connections go on', async (t) => {
    const { relay, port, upstream } = await tunnelThroughRelay(t)
    const visitor = await visit(port)
    await echoOn(visitor)
    const total = upstream.total()
    relay.freeze()
    const answered = echoOn(visitor)
    await pause(1000)
    relay.thaw()
    await answered
    t.equal(upstream.total(), total)
    visitor.destroy()
  })
})

t.test('server killed with -9 and started again on the same port', async (t) => {
  const { server, port, agent } = await tunnelThroughRelay(t)
  await server.process.stop('SIGKILL')
  await pause(2500)
  await server.launch()
  await backInTime(t, port)
  await server.restart('SIGKILL')
  await backInTime(t, port)
  t.equal(agent.process.ending, null)
})

t.test('the port stays the same for the next agent of the same token and tunnel', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const token = await server.createToken('me')
  const first = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  await first.process.stop('SIGTERM')
  const second = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  t.equal(second.port(), first.port())
})

t.test('a ghost session gives its address to its owner in under 1 s', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const token = await server.createToken('owner')
  const relay = await Relay.start(t, server.port)
  const args = ['tcp', String(upstream.port)]
  const ghost = await Agent.start(t, server, args, { token, via: relay.port })
  const port = ghost.port()
  relay.swallow()
  ghost.process.kill('SIGKILL')

  const door = await Relay.start(t, server.port)
  const owner = await Agent.spawn(t, server, args, { token, via: door.port })
  await door.visited
  const start = performance.now()
  await owner.ready()
  const ms = Math.round(performance.now() - start)
  t.equal(owner.port(), port)
  t.ok(ms < 1000, `its owner has it after ${ms} ms`)
  await echo(port)
})
