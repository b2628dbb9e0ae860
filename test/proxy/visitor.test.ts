import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { AcceptResult, encodeStreamAccept, StreamOpenReader } from '../../src/protocol/index.js'
import { eventually, within } from '../support/hang.js'
import { RecordedLog } from '../support/log.js'
import { must, TestAgent, testServer, type TestServer } from '../tunnels/support.js'

async function visit(server: TestServer): Promise<Socket> {
  const socket = connect({ port: server.first, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

t.test('what a visitor sends right away rides in the first frame of its stream', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const socket = connect(server.first, '127.0.0.1')
  socket.end('hello')
  const stream = await within('a stream', agent.end.nextStream())
  const first = await within(
    'the first slice',
    new Promise<Buffer>((resolve) => {
      stream.attach({ onData: resolve, onEnd: () => undefined, onWritable: () => undefined, onClose: () => undefined })
    }),
  )
  const reader = new StreamOpenReader()
  t.ok(reader.push(first))
  t.equal(reader.rest.toString(), 'hello')
  socket.destroy()
})

t.test('a visitor that waits for a greeting gets it', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const socket = await visit(server)
  const { stream } = await agent.visitor()
  stream.write(Buffer.concat([encodeStreamAccept({ result: AcceptResult.OK }), Buffer.from('220 ready')]))
  const [greeting] = (await within('the greeting', once(socket, 'data'))) as [Buffer]
  t.equal(greeting.toString(), '220 ready', 'the bytes behind StreamAccept, and not StreamAccept')
  socket.destroy()
})

t.test('a visitor that ends at once, without a byte, still gets its answer', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const socket = await visit(server)
  socket.end()
  const { stream } = await agent.visitor({ result: AcceptResult.OK })
  stream.write(Buffer.from('date'))
  stream.end()
  const [answer] = (await within('the answer', once(socket, 'data'))) as [Buffer]
  t.equal(answer.toString(), 'date')
})

t.test(
  'visitors whose stream cannot be opened are reset, no stream is left over, and they do not fill the log',
  async (t) => {
    const log = new RecordedLog()
    const failed: string[] = []
    const hooks = { streamFailed: (code: string) => failed.push(code) }
    const server = await testServer(t, { limits: { streamsPerSession: 1 }, hooks, log })
    const agent = await TestAgent.connect(t, server)
    await agent.bind({ remotePort: server.first })
    const served = await visit(server)
    await agent.visitor({ result: AcceptResult.OK })
    const startedAt = performance.now()
    for (let i = 0; i < 10; i++) {
      const late = connect(server.first, '127.0.0.1')
      const [error] = (await within('the reset', once(late, 'error'))) as [NodeJS.ErrnoException]
      t.equal(error.code, 'ECONNRESET')
    }
    const most = 1 + (performance.now() - startedAt) / 1000
    const lines = log.with('visitor not served')
    t.match(lines[0]?.fields, { code: 'UR_WIRE_STREAM_LIMIT', token: 'alice', name: 't1' })
    t.ok(lines.length <= most, `${lines.length} lines of 10`)
    t.equal(failed.length, 10, 'the metrics count all of them')
    t.equal(server.agents.numbers().streams, 1)
    served.resetAndDestroy()
    await eventually('the stream to be gone', () => must(server.agents.numbers().streams === 0))
    t.match(server.table.findPort(server.first), { traffic: { connections: 1 }, visitorsOpen: 0 })
  },
)
