import net from 'node:net'
import t from 'tap'
import { listen, type Owner } from '../support/places.js'
import { Agent, runAgent, Server } from '../support/product.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'

/** Of those that need nothing special. */
const server = await Server.start(t)

t.test('a token that is wrong, missing, revoked or expired', async (t) => {
  const good = await server.createToken('good')
  const last = good.at(-1) === 'A' ? 'B' : 'A'

  const cases = [
    { name: 'unknown', token: `${good.slice(0, -1)}${last}`, code: /UR_TOKEN_INVALID/ },
    { name: 'malformed', token: 'unr_short', code: /UR_TOKEN_(MALFORMED|INVALID)/ },
    { name: 'missing', token: '', code: /UR_TOKEN_MISSING/ },
  ]
  for (const { name, token, code } of cases) {
    const agent = await runAgent(t, server, ['tcp', '9'], { token })
    t.equal(agent.code, name === 'missing' && agent.code === 2 ? 2 : 3, `${name}: exit code`)
    t.match(agent.err, code, `${name}: says why`)
    t.match(agent.events.at(-1), { event: 'error', code }, `${name}: tells programs`)
  }

  t.match(await server.uniroutd('token', 'revoke', 'good'), { code: 0 })
  const revoked = await runAgent(t, server, ['tcp', '9'], { token: good })
  t.equal(revoked.code, 3)
  t.match(revoked.err, /UR_TOKEN_REVOKED/)

  const made = await server.uniroutd('token', 'create', 'brief', '--expires', '1ms', '--json')
  const { token } = JSON.parse(made.out) as { token: string }
  const expired = await runAgent(t, server, ['tcp', '9'], { token })
  t.match(expired, { code: 3, err: /UR_TOKEN_EXPIRED/ })
})

t.test('tokens are made, listed and revoked while the server runs', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const token = await server.createToken('laptop')
  const other = await server.createToken('desktop')
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  const bystander = await Agent.start(t, server, ['tcp', String(upstream.port)], { token: other })
  await echo(agent.port())

  const list = await server.uniroutd('token', 'list', '--json')
  const rows = list.out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  t.same(
    rows.map((row) => row['name']),
    ['laptop', 'desktop'],
  )
  t.notOk(list.out.includes(token), 'the token itself is shown once only')
  t.match(await server.uniroutd('token', 'list'), { code: 0, out: /laptop.*\n.*desktop/ })
  t.match(await server.uniroutd('token', 'create', 'laptop'), { code: 1, err: /UR_TOKEN_NAME_TAKEN/ })
  t.match(await server.uniroutd('token', 'revoke', 'nobody'), { code: 1, err: /UR_TOKEN_NOT_FOUND/ })

  t.match(await server.uniroutd('token', 'revoke', 'laptop'), { code: 0 })
  const start = performance.now()
  t.match(await agent.exit, { code: 3 })
  const ms = Math.round(performance.now() - start)
  t.ok(ms < 2000, `its session ended after ${ms} ms`)
  t.match(agent.process.err.join('\n'), /UR_TOKEN_REVOKED/)
  await echo(bystander.port())
  await t.rejects(echo(agent.port()), 'its port is closed')
})

t.test('a port that is taken or outside of the range', async (t) => {
  const upstream = await startEcho(t)
  const { first, last } = server.ports
  const on = (port: number) => ['tcp', String(upstream.port), '--remote-port', String(port)]

  const outside = await runAgent(t, server, on(last + 1))
  t.equal(outside.code, 3)
  t.match(outside.err, new RegExp(`${last + 1}.*${first}-${last}.*UR_PORT_RANGE`, 's'), 'names the range')

  const squatter = net.createServer()
  await listen(squatter, first)
  t.teardown(() => squatter.close())
  const busy = await runAgent(t, server, on(first))
  t.equal(busy.code, 3)
  t.match(busy.err, /UR_PORT_TAKEN/, 'held by another program')

  const holder = await Agent.start(t, server, on(first + 1))
  const stranger = await runAgent(t, server, on(first + 1))
  t.equal(stranger.code, 3)
  t.match(stranger.err, /UR_PORT_TAKEN/, 'held by another token')
  await echo(holder.port())
})

t.test('a port that the same token holds is handed on at once', async (t) => {
  const upstream = await startEcho(t)
  const token = await server.createToken('me')
  const on = ['tcp', String(upstream.port), '--remote-port', String(server.ports.first)]
  const first = await Agent.start(t, server, on, { token })
  const second = await Agent.start(t, server, on, { token })
  t.equal(second.port(), first.port())
  t.match(await first.exit, { code: 3 })
  t.match(first.process.err.join('\n'), /UR_TAKEN_OVER/)
  await echo(second.port())
})

t.test('bounds of one session', async (t) => {
  const [server, upstream] = await Promise.all([
    Server.start(t, { config: { limits: { tunnels_per_session: 1, streams_per_session: 3 } } }),
    startEcho(t),
  ])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  const visitors = await Promise.allSettled(Array.from({ length: 3 }, () => visitAndStay(t, agent.port())))
  t.ok(visitors.every((each) => each.status === 'fulfilled'))
  await t.rejects(echo(agent.port()), 'the fourth visitor is turned away')
  t.match(server.process.err.join('\n'), /UR_WIRE_STREAM_LIMIT/)
})

async function visitAndStay(t: Owner, port: number): Promise<void> {
  const visitor = await visit(port)
  t.teardown(() => visitor.destroy())
  await echoOn(visitor)
}
