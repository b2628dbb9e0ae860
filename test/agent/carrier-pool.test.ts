import t from 'tap'
import { makeAgent, ready, TestServer } from './test-server.js'

t.test('a fixed number of carriers is dialled at once, and again when one is lost', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server, { connections: 3 })
  await ready(agent)
  const session = await server.session()
  await server.until('three carriers', () => session.wire.carriers.length === 3)
  t.equal(session.hello.maxCarriers, 3)
  session.control?.send({ carriers: { wanted: 1 } })
  session.wire.carriers[2]?.socket.destroy()
  await server.until('a new one', () => server.attaches === 3 && session.wire.carriers.length === 3)
  t.equal(server.sessions.length, 1)
})

t.test('by default carriers come and go as the server wants them', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server)
  await ready(agent)
  const session = await server.session()
  t.equal(session.wire.carriers.length, 1)
  session.control?.send({ carriers: { wanted: 4 } })
  await server.until('four carriers', () => session.wire.carriers.length === 4)
  session.control?.send({ carriers: { wanted: 2 } })
  await server.until('two carriers', () => session.wire.carriers.length === 2)
  t.equal(session.wire.carriers[0]?.retiring, false)
  session.control?.send({ carriers: { wanted: 1 } })
  await server.until('one carrier', () => session.wire.carriers.length === 1)
  t.notOk(session.closed)
})

t.test('a carrier that the server refuses is offered again', async (t) => {
  const server = await TestServer.start(t)
  let refusals = 0
  server.onAttach = () => {
    if (refusals++ === 0) throw new Error('not now')
  }
  const agent = makeAgent(t, server, { connections: 2 })
  await ready(agent)
  const session = await server.session()
  await server.until('the second carrier', () => session.wire.carriers.length === 2)
  t.equal(refusals, 2)
  t.equal(agent.state, 'online')
})
