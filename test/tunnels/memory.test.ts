import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { LimitError } from '../../src/core/errors.js'
import { AcceptResult } from '../../src/protocol/index.js'
import { within } from '../support/hang.js'
import { TestAgent, testServer, type TestServer } from './support.js'

async function visit(t: Test, server: TestServer) {
  const socket = connect({ port: server.first, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  await within('a connection', once(socket, 'connect'))
  return socket
}

t.test('without room in the memory new visitors are turned away, and those that are there go on', async (t) => {
  const failed: string[] = []
  const memory: { problem: LimitError | null } = { problem: null }
  const server = await testServer(t, { memory, hooks: { streamFailed: (code) => failed.push(code) } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const first = await visit(t, server)
  const { stream } = await agent.visitor({ result: AcceptResult.OK })
  memory.problem = new LimitError('UR_MEMORY_LIMIT', 'full')
  const second = await visit(t, server)
  await within('the end', new Promise((resolve) => second.once('close', resolve)))
  t.strictSame(failed, ['UR_MEMORY_LIMIT'])
  stream.write(Buffer.from('still here'))
  t.equal(String((await within('some bytes', once(first, 'data')))[0]), 'still here')
  memory.problem = null
  await visit(t, server)
  await agent.visitor({ result: AcceptResult.OK })
})
