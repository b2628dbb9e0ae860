import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { AcceptResult, Kind } from '../../src/protocol/index.js'
import { eventually, within } from '../support/hang.js'
import { changeRights, must, TestAgent, testServer, type TestServer } from './support.js'

// What visitors of tcp tunnels meet: one who is too many is reset.

function visit(t: Test, server: TestServer): Socket {
  const socket = connect({ port: server.first, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  return socket
}

async function turnedAway(t: Test, server: TestServer): Promise<void> {
  const [error] = (await within('the reset', once(visit(t, server), 'error'))) as [NodeJS.ErrnoException]
  t.equal(error.code, 'ECONNRESET')
}

t.test('more visitors at once than the token may have, over all of its sessions', async (t) => {
  const failed: string[] = []
  const hooks = { streamFailed: (code: string) => failed.push(code) }
  const server = await testServer(t, { hooks, rights: { alice: { max_streams: 2 } } })
  const agents = [await TestAgent.connect(t, server), await TestAgent.connect(t, server)]
  await agents[0]!.bind({ remotePort: server.first })
  await agents[1]!.bind({ kind: Kind.KIND_TLS, domain: 'db.example.org' })
  const first = visit(t, server)
  await agents[0]!.visitor({ result: AcceptResult.OK })
  visit(t, server)
  await agents[0]!.visitor({ result: AcceptResult.OK })
  await turnedAway(t, server)
  t.strictSame(failed, ['UR_QUOTA_STREAMS'])
  first.resetAndDestroy()
  await eventually('room', () => must(server.rights.of('alice').streams === 1))
  visit(t, server)
  await agents[0]!.visitor({ result: AcceptResult.OK })
  t.equal(server.rights.of('alice').streams, 2)
})

t.test('more connections a second than the token may have', async (t) => {
  const failed: string[] = []
  const hooks = { streamFailed: (code: string) => failed.push(code) }
  const server = await testServer(t, { hooks, rights: { alice: { requests_per_second: 0.01 } } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  visit(t, server)
  await agent.visitor({ result: AcceptResult.OK })
  await turnedAway(t, server)
  t.strictSame(failed, ['UR_QUOTA_REQUESTS'])
  await changeRights(server, 'alice', null)
  visit(t, server)
  await agent.visitor({ result: AcceptResult.OK })
})

t.test('more bytes than the token may move today: open connections end, others are turned away', async (t) => {
  const failed: string[] = []
  const hooks = { streamFailed: (code: string) => failed.push(code) }
  const server = await testServer(t, { hooks, rights: { alice: { bytes_per_day: 10_000 } } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const socket = visit(t, server)
  const { stream } = await agent.visitor({ result: AcceptResult.OK })
  socket.write(Buffer.alloc(4_000))
  await eventually('the bytes', () => must(server.rights.of('alice').usage.bytes >= 4_000))
  t.equal(socket.destroyed, false)
  stream.write(Buffer.alloc(6_001))
  const [error] = (await within('the reset', once(socket, 'error'))) as [NodeJS.ErrnoException]
  t.equal(error.code, 'ECONNRESET')
  await turnedAway(t, server)
  t.strictSame(failed, ['UR_QUOTA_BYTES'])
  await changeRights(server, 'alice', { bytes_per_day: 20_000 })
  visit(t, server)
  await agent.visitor({ result: AcceptResult.OK })
})
