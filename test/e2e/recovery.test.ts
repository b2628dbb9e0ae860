import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { eventually, pause, within } from '../support/hang.js'
import { Agent, Server, type ServerOptions } from '../support/product.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'
import { Relay } from '../support/relay.js'

/** What the user may wait at most once the cause has gone away. */
const BACK_MS = 2000

// Each waits most of its time for the silence that it is about: they wait together.
t.jobs = 3
const together = { buffered: true }

/** An echo behind `uniroute tcp`, the agent connected through a relay. */
async function tunnelThroughRelay(t: Test, limits: Readonly<Record<string, unknown>> = {}) {
  const options: ServerOptions = { config: { limits } }
  const [server, upstream] = await Promise.all([Server.start(t, options), startEcho(t)])
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

/** Waits until the server has given up every connection of the agent, and holds its session. */
function isHeld(server: Server): Promise<void> {
  return eventually('the session to be held', async () => {
    if ((await server.metric('uniroute_held_sessions')) !== 1) throw new Error('it is not')
  })
}

/** Settles when the visitor is let go, by a FIN or a reset. */
function endOf(visitor: Socket): Promise<void> {
  return new Promise((resolve) => {
    visitor.once('end', resolve).once('close', resolve).resume()
  })
}

/** One session from the first to the last: nothing was bound anew. */
async function sameSession(t: Test, server: Server): Promise<void> {
  t.equal(await server.metric('uniroute_sessions_total'), 1, 'the session is the same')
}

t.test('agent frozen by SIGSTOP, and thawed', together, async (t) => {
  t.jobs = 2
  t.test('for a moment: the same connections go on', together, async (t) => {
    const { agent, port, server } = await tunnelThroughRelay(t)
    const visitor = await visit(port)
    await echoOn(visitor)
    agent.process.kill('SIGSTOP')
    await pause(1500)
    const answered = echoOn(visitor)
    agent.process.kill('SIGCONT')
    const start = performance.now()
    await answered
    t.ok(performance.now() - start < BACK_MS)
    await backInTime(t, port)
    t.equal(await server.metric('uniroute_holds_total'), 0)

    t.test('for longer than the server waits for a ping: visitors are held, old and new', async (t) => {
      agent.process.kill('SIGSTOP')
      const answered = echoOn(visitor)
      await isHeld(server)
      const late = await visit(port)
      const lateAnswered = echoOn(late)
      agent.process.kill('SIGCONT')
      const start = performance.now()
      await Promise.all([answered, lateAnswered])
      const ms = Math.round(performance.now() - start)
      t.ok(ms < BACK_MS, `answered after ${ms} ms`)
      await backInTime(t, port)
      await sameSession(t, server)
      t.ok((await server.metric('uniroute_holds_total', { end: 'resumed' })) > 0)
      visitor.destroy()
      late.destroy()
    })
  })

  t.test('for longer than limits.resume_timeout: visitors are let go, the address comes back', together, async (t) => {
    const { agent, port, server } = await tunnelThroughRelay(t, { resume_timeout: '1s' })
    const visitor = await visit(port)
    await echoOn(visitor)
    const gone = endOf(visitor)
    agent.process.kill('SIGSTOP')
    visitor.write('in vain')
    await within('the end of the visitor', gone)
    t.equal(await server.metric('uniroute_holds_total', { end: 'UR_RESUME_TIMEOUT' }), 1)
    agent.process.kill('SIGCONT')
    await backInTime(t, port)
    t.equal(await server.metric('uniroute_sessions_total'), 2, 'the agent said Hello again')
  })
})

t.test('the network between agent and server', together, async (t) => {
  t.jobs = 2
  t.test('resets every connection, again and again: visitors go on', together, async (t) => {
    const { relay, port, server } = await tunnelThroughRelay(t)
    const visitor = await visit(port)
    await echoOn(visitor)
    for (let i = 0; i < 3; i++) {
      relay.cut()
      const ms = Math.round(await echoOn(visitor))
      t.ok(ms < BACK_MS, `answered after ${ms} ms`)
      await backInTime(t, port)
    }
    await sameSession(t, server)
    visitor.destroy()
  })

  t.test(
    'resets every connection with limits.resume_timeout 0s: visitors end, the address comes back',
    together,
    async (t) => {
      const { relay, port, server } = await tunnelThroughRelay(t, { resume_timeout: '0s' })
      const visitor = await visit(port)
      await echoOn(visitor)
      const gone = endOf(visitor)
      relay.cut()
      await within('the end of the visitor', gone)
      await backInTime(t, port)
      t.equal(await server.metric('uniroute_sessions_total'), 2)
      t.equal(await server.metric('uniroute_holds_total'), 0)
    },
  )

  t.test('swallows packets until the server has noticed, then heals: visitors go on', together, async (t) => {
    const { relay, port, server } = await tunnelThroughRelay(t)
    const [busy, idle] = await Promise.all([visit(port), visit(port)])
    await Promise.all([echoOn(busy), echoOn(idle)])
    relay.swallow()
    const answered = echoOn(busy)
    await isHeld(server)
    relay.heal()
    const start = performance.now()
    await answered
    const ms = Math.round(performance.now() - start)
    t.ok(ms < BACK_MS, `answered after ${ms} ms`)
    await backInTime(t, port)
    await echoOn(idle)
    await sameSession(t, server)
    busy.destroy()
    idle.destroy()
  })

  t.test('swallows packets while nothing is sent, until both sides have noticed, then heals', together, async (t) => {
    const { relay, port, agent, server } = await tunnelThroughRelay(t)
    const visitor = await visit(port)
    await echoOn(visitor)
    const before = relay.connections
    relay.swallow()
    await eventually('the agent to notice and try again', async () => {
      if (relay.connections === before) throw new Error('no new connection')
    })
    await isHeld(server)
    relay.heal()
    await backInTime(t, port)
    await echoOn(visitor)
    await sameSession(t, server)
    t.equal(agent.process.ending, null)
    visitor.destroy()
  })

  t.test('loses packets for a moment: the same connections go on', together, async (t) => {
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

t.test('server killed with -9 and started again on the same port', together, async (t) => {
  const { server, port, agent } = await tunnelThroughRelay(t)
  const visitor = await visit(port)
  await echoOn(visitor)
  const gone = endOf(visitor)
  await server.process.stop('SIGKILL')
  await pause(2500)
  await server.launch()
  await backInTime(t, port)
  const unknown = { reason: 'UR_SESSION_UNKNOWN' }
  t.ok((await server.metric('uniroute_handshake_failures_total', unknown)) > 0, 'the agent asked for its session first')
  await within('the end of the visitor', gone)
  await server.restart('SIGKILL')
  await backInTime(t, port)
  t.equal(agent.process.ending, null)
})

t.test('the port stays the same for the next agent of the same token and tunnel', together, async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const token = await server.createToken('me')
  const first = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  await first.process.stop('SIGTERM')
  const second = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  t.equal(second.port(), first.port())
})

for (const held of [false, true]) {
  const state = held ? 'that is held' : 'that nobody has noticed yet'
  t.test(`a ghost session ${state} gives its address to its owner in under 1 s`, async (t) => {
    const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
    const token = await server.createToken('owner')
    const relay = await Relay.start(t, server.port)
    const args = ['tcp', String(upstream.port)]
    const ghost = await Agent.start(t, server, args, { token, via: relay.port })
    const port = ghost.port()
    if (!held) relay.swallow()
    ghost.process.kill('SIGKILL')
    if (held) await isHeld(server)

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
}
