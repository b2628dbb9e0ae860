import tls from 'node:tls'
import t from 'tap'
import { eventually, within } from '../support/hang.js'
import type { Owner } from '../support/places.js'
import { Agent, Server } from '../support/product.js'
import { drain, echo, echoOn, exchange, startEcho, visit } from '../support/pumps.js'

async function standing(t: Owner, grace = '30s') {
  const [server, upstream] = await Promise.all([Server.start(t, { args: ['--grace-period', grace] }), startEcho(t)])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port), '--grace-period', grace])
  const visitor = await visit(agent.port())
  await echoOn(visitor)
  t.teardown(() => visitor.destroy())
  return { server, upstream, agent, visitor, port: agent.port() }
}

t.test('SIGHUP reloads without dropping a connection', async (t) => {
  const { server, visitor, port, upstream } = await standing(t)

  t.test('what can be reloaded', async (t) => {
    await server.reconfigure({ limits: { hello_timeout: '1s' } })
    await reloaded(server, 'ok', () => server.process.kill('SIGHUP'))
    const { ms } = await exchange(server.port, '')
    t.ok(ms < 3000, `the new deadline counts: ${Math.round(ms)} ms`)
  })

  t.test('what cannot: it says so', async () => {
    await server.reconfigure({ listen: { tcp_ports: `127.0.0.1:${server.ports.first}-${server.ports.last - 1}` } })
    const from = server.process.err.length
    server.process.kill('SIGHUP')
    await server.process.line(/listen\.tcp_ports.*restart|restart.*listen\.tcp_ports/, { where: 'err', from })
  })

  t.test('a broken file: the old configuration stays', async () => {
    await server.reconfigure({ lisen: { tls: 1 } })
    const from = server.process.err.length
    await reloaded(server, 'failed', () => server.process.kill('SIGHUP'))
    await server.process.line(/UR_CONFIG_UNKNOWN_KEY/, { where: 'err', from })
  })

  t.test('the connections of before are still there', async (t) => {
    await echoOn(visitor)
    await echo(port)
    t.equal(server.process.ending, null)
    t.equal(upstream.total(), 2)
  })
})

t.test('a new certificate is served after its file changed, and on SIGHUP', async (t) => {
  const { server, visitor } = await standing(t)
  const pair = await server.authority.issue(['127.0.0.1', 'fresh.example.test'])
  await server.reconfigure({ certs: { mode: 'files', files: [pair] } })
  await reloaded(server, 'ok', () => server.process.kill('SIGHUP'))
  await eventually('the new certificate', async () => {
    const names = await certificateNames(server.port)
    if (!names.includes('fresh.example.test')) throw new Error(names)
  })
  await echoOn(visitor)
  t.pass('and the connections of before are still there')
})

t.test('SIGTERM drains', async (t) => {
  const { server, agent, visitor, port } = await standing(t)
  server.process.kill('SIGTERM')
  await agent.process.event('notice', { when: ({ code }) => code === 'UR_SERVER_DRAINING' })
  await eventually('the port to refuse', () =>
    echo(port, Buffer.from('x'), 1000).then(
      () => Promise.reject(new Error('it still accepts')),
      () => undefined,
    ),
  )
  await echoOn(visitor)
  t.equal(server.process.ending, null, 'an open connection goes on while the server drains')
  visitor.end()
  t.match(await within('the server to end with its last connection', server.process.exit, 10_000), { code: 0 })
})

t.test('SIGTERM drains for no longer than the grace period', async (t) => {
  const { server, visitor } = await standing(t, '1s')
  const letGo = drain(visitor).catch((error: unknown) => error)
  const start = performance.now()
  server.process.kill('SIGTERM')
  t.match(await within('the server to end', server.process.exit, 10_000), { code: 0 })
  const ms = Math.round(performance.now() - start)
  t.ok(ms >= 900 && ms < 5000, `ended after ${ms} ms`)
  t.match(await within('the visitor to be let go', letGo), { code: 'ECONNRESET' }, 'by a reset: it was cut off')
})

t.test('a second SIGTERM forces', async (t) => {
  const { server } = await standing(t)
  const start = performance.now()
  server.process.kill('SIGTERM')
  await server.process.line(/drain|SIGTERM|stopping/i, { where: 'err' })
  server.process.kill('SIGTERM')
  await within('the server to end', server.process.exit, 10_000)
  t.ok(performance.now() - start < 5000)
})

t.test('SIGTERM and SIGINT end an agent in good order', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { server, agent, visitor } = await standing(t)
    agent.process.kill(signal)
    await agent.process.event('draining')
    await echoOn(visitor)
    t.equal(agent.process.ending, null, `${signal}: an open connection goes on`)
    visitor.end()
    t.match(await within('the agent to end', agent.exit, 10_000), { code: 0 })
    const line = await server.process.line(/session closed/, { where: 'err' })
    const { level, code, reason } = JSON.parse(line) as Record<string, unknown>
    t.strictSame([level, code, reason], ['info', undefined, 'The agent left.'], 'no loss in the log of the server')
  }
})

t.test('a second SIGINT ends an agent at once, and the server does not wait for its return', async (t) => {
  const { server, agent, visitor } = await standing(t)
  const letGo = drain(visitor).catch((error: unknown) => error)
  agent.process.kill('SIGINT')
  await agent.process.event('draining')
  agent.process.kill('SIGINT')
  t.match(await within('the agent to end', agent.exit, 10_000), { code: 0 })
  t.match(await within('the visitor to be let go', letGo, 10_000), { code: 'ECONNRESET' })
  const line = await server.process.line(/session closed/, { where: 'err' })
  t.match(JSON.parse(line), { level: 'info', reason: 'The agent left.' })
})

/** Does `work` and waits until one more reload is counted with this result. */
async function reloaded(server: Server, result: 'ok' | 'failed', work: () => void): Promise<void> {
  const read = () => server.metric('uniroute_config_reloads_total', { result })
  const before = await read()
  work()
  await eventually(`a reload: ${result}`, async () => {
    if ((await read()) === before) throw new Error('none')
  })
}

function certificateNames(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', ALPNProtocols: ['uniroute/1'], rejectUnauthorized: false }
    const socket = tls.connect(options, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '')
      socket.destroy()
    })
    socket.on('error', reject)
  })
}
