import type { Socket } from 'node:net'
import t from 'tap'
import { eventually } from '../support/hang.js'
import { hostOf, HttpProduct } from '../support/http-product.js'
import { upstream as httpUpstream } from '../support/http-tunnel.js'
import { Agent } from '../support/product.js'
import { echo, echoOn, exchange, startEcho, startUpstream, visit } from '../support/pumps.js'

const CHUNK = Buffer.alloc(64 * 1024)
/** Visitors that do not read: each keeps a window of 256 KiB or more at the server. */
const SLOW = 100

t.test('with buffers as large as limits.memory: new visitors are turned away, others live, and it heals', async (t) => {
  const product = await HttpProduct.start(t, { config: { limits: { memory: '24MiB' } } })
  const { server } = product
  const [echoing, flooding, web] = await Promise.all([
    startEcho(t),
    startUpstream(t, flood),
    httpUpstream(t, (_, response) => response.end('ok')),
  ])
  const [agent, flooded] = await Promise.all([
    Agent.start(t, server, ['tcp', String(echoing.port)]),
    Agent.start(t, server, ['tcp', String(flooding.port)]),
    product.agent(t, web.port, 'shop'),
  ])
  const get = () => product.call(hostOf('shop'), '/')
  const [standing] = [await visit(agent.port())]
  t.teardown(() => standing.destroy())
  await echoOn(standing)
  t.match(await get(), { status: 200, body: 'ok' })

  // The last of them may already be turned away.
  const coming = await Promise.allSettled(Array.from({ length: SLOW }, () => visit(flooded.port())))
  const slow = coming.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  t.teardown(() => slow.forEach((socket) => socket.destroy()))
  await server.process.line(/UR_MEMORY_LIMIT.*new visitors are turned away/, { where: 'err' })
  const refused = await eventually('503', async () => {
    const answer = await get()
    if (answer.status !== 503) throw new Error(`got ${answer.status}`)
    return answer
  })
  t.match(refused.headers, { 'retry-after': '1', 'x-uniroute-error': 'UR_MEMORY_LIMIT' })
  const turnedAway = await exchange(agent.port(), '').then(
    ({ answer }) => answer.length,
    (error: NodeJS.ErrnoException) => error.code,
  )
  t.ok(turnedAway === 0 || turnedAway === 'ECONNRESET', `a connection is closed: ${turnedAway}`)
  t.ok((await server.metric('uniroute_http_failures_total', { reason: 'UR_MEMORY_LIMIT' })) > 0)
  t.ok((await server.metric('uniroute_stream_failures_total', { reason: 'UR_MEMORY_LIMIT' })) > 0)
  await echoOn(standing, Buffer.alloc(100_000, 'x'))
  for (const socket of slow.slice(0, 5)) t.equal(socket.destroyed, false, 'those that do not read are kept')

  for (const socket of slow) socket.destroy()
  await eventually('room', async () => {
    await echo(agent.port())
    if ((await get()).status !== 200) throw new Error('still full')
  })
  await echoOn(standing)
  t.ok(server.process.err.some((line) => line.includes('there is room in the buffers again')))
  t.equal(server.process.ending, null)
})

function flood(socket: Socket): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(CHUNK));
  }
  socket.on('drain', more)
  more()
}
