import t from 'tap'
import { Agent, Server } from '../support/product.js'
import { startTransferUpstream, transferBothWays } from '../support/transfer.js'
import { drain, echoOn, pump, RandomSource, startEcho, startUpstream, visit } from '../support/pumps.js'
import { within } from '../support/hang.js'

const MIB = 1024 * 1024

t.test('64 MiB each way at the same time, byte for byte', async (t) => {
  const server = await Server.start(t)
  const upstream = await startTransferUpstream(t, 64 * MIB)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  await transferBothWays(t, agent.port(), upstream, 64 * MIB, 60_000)
})

t.test('500 visitors at once', async (t) => {
  const server = await Server.start(t)
  const echo = await startEcho(t)
  const agent = await Agent.start(t, server, ['tcp', String(echo.port)])
  const port = agent.port()
  const visitors = await Promise.all(Array.from({ length: 500 }, () => visit(port)))
  await Promise.all(visitors.map((visitor) => echoOn(visitor)))
  t.equal(echo.open.size, 500, 'each has a connection of its own')
  t.equal(await server.metric('uniroute_streams'), 500)
  await Promise.all(visitors.map((visitor) => echoOn(visitor, Buffer.alloc(20_000, 'x'))))
  const gone = Promise.all([...echo.open].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  for (const visitor of visitors) visitor.destroy()
  await within('every upstream connection to end', gone)
  t.equal(echo.open.size, 0)
})

t.test('half-close is kept in both directions', async (t) => {
  const server = await Server.start(t)

  t.test('the visitor shuts down first and still gets the whole answer', async (t) => {
    const upstream = await startUpstream(t, (socket) => {
      void drain(socket).then((sum) => {
        socket.write(JSON.stringify(sum))
        void pump(socket, new RandomSource(5 * MIB))
      })
    })
    const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
    const visitor = await visit(agent.port())
    const received: Buffer[] = []
    const end = new Promise<void>((resolve, reject) => {
      visitor.on('data', (chunk: Buffer) => received.push(chunk))
      visitor.once('end', resolve)
      visitor.once('close', () => reject(new Error('closed without a FIN')))
    })
    const sent = await pump(visitor, new RandomSource(3 * MIB))
    await within('the answer', end)
    const answer = Buffer.concat(received)
    const head = JSON.stringify(sent)
    t.equal(answer.subarray(0, head.length).toString(), head)
    t.equal(answer.length, head.length + 5 * MIB)
  })

  t.test('the upstream shuts down first and still gets all that the visitor sends', async (t) => {
    let heard: Promise<unknown> | undefined
    const upstream = await startUpstream(t, (socket) => {
      heard = drain(socket)
      socket.end('all I have to say')
    })
    const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
    const visitor = await visit(agent.port())
    const answer = await within(
      'the upstream FIN',
      drain(visitor).catch((error: unknown) => error),
    )
    t.match(answer, { bytes: 'all I have to say'.length })
    const sent = await within('the bytes after it', pump(visitor, new RandomSource(3 * MIB)))
    t.same(await within('the upstream to hear them', heard ?? Promise.reject(new Error('no connection'))), sent)
  })
})
