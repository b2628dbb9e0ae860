import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { eventually } from '../support/hang.js'
import { adminToken, request } from '../admin/support.js'
import { Agent, runAgent, Server } from '../support/product.js'
import { Postgres } from '../support/postgres.js'
import { echo, startEcho } from '../support/pumps.js'

t.test('PostgreSQL goes and comes back: tunnels stay, unknown tokens wait, and all heals by itself', async (t) => {
  const password = 'correct-horse'
  const postgres = await Postgres.start(t)
  await postgres.createRole('tunnels', password)
  await postgres.query('create database tunnels owner tunnels')
  const [server, upstream] = await Promise.all([
    Server.start(t, { start: false, config: { listen: { admin: '127.0.0.1:0' } } }),
    startEcho(t),
  ])
  server.tokens.push(password)
  const address = path.join(server.folder, 'store')
  await writeFile(address, `${postgres.address('tunnels', `tunnels:${password}`)}\n`, { mode: 0o600 })
  await server.reconfigure({ store: `file:${address}` })
  const check = await server.uniroutd('check')
  t.match(check.out, `ok       database postgres://tunnels@127.0.0.1:${postgres.port}/tunnels`)
  t.notMatch(check.out + check.err, password)
  const [known, unknown] = [await server.createToken('known'), await server.createToken('unknown')]
  const [admin, unused] = await Promise.all(['admin', 'unused'].map((name) => adminToken(server, name, 'read')))
  const ready = await server.spawn().event('ready')
  server.metricsAddress = String(ready['metrics'])
  const api = async (at: string, token = admin) => {
    const [host, port] = String(ready['admin']).split(':')
    const headers = { authorization: `Bearer ${token}` }
    return request({ host, port, path: `/api/v1/${at}`, headers })
  }
  t.match(await api('tokens'), { status: 200 })
  const readyz = async () => {
    const { status, text } = await server.page('/readyz')
    return { status, ...(JSON.parse(text) as { ready: boolean; warnings: Record<string, string> }) }
  }
  const args = ['tcp', String(upstream.port)]
  const held = server.ports.last
  await server.uniroutd('account', 'create', 'bob')
  t.match(await server.uniroutd('reserve', 'port', String(held), '--account', 'bob'), { code: 0 })
  t.match(
    await server.uniroutd(
      'token',
      'update',
      'known',
      '--allow-port',
      `${server.ports.first}-${held - 2}`,
      String(held),
    ),
    {
      code: 0,
    },
  )
  const agent = await Agent.start(t, server, args, { token: known })
  t.match(await readyz(), { status: 200, ready: true, warnings: {} })

  await postgres.process.stop('SIGQUIT')
  await eventually('a warning', async () => {
    if ((await readyz()).warnings['database'] === undefined) throw new Error('none')
  })
  t.match(await readyz(), { status: 200, ready: true, warnings: { database: /UR_STORE_UNREACHABLE/ } })
  t.match(await server.uniroutd('check'), { code: 2, out: /problem {2}database: .*\(UR_STORE_UNREACHABLE\)/ })
  t.match(await server.uniroutd('token', 'list'), { code: 1, err: /cannot be reached.*\(UR_STORE_UNREACHABLE\)/ })
  const away = {
    status: 503,
    headers: { 'retry-after': /^\d+$/ },
    body: { code: 'UR_STORE_UNREACHABLE', retryable: true },
  }
  t.match(await api('tokens'), away)
  t.match(await api('tunnels', unused), away, 'a token that was not seen before')
  t.match(await api('tunnels'), { status: 200, body: { items: [{ kind: 'tcp' }] } }, 'what is connected is shown')
  await echo(agent.port())
  await echo((await Agent.start(t, server, args, { token: known })).port(), Buffer.from('a known token is let in'))
  // What may be bound is known here, and asked of nobody: rights and reservations as they were seen last.
  for (const [port, code] of [
    [held, 'UR_PORT_TAKEN'],
    [held - 1, 'UR_RIGHTS_PORT'],
  ] as const) {
    const refused = await runAgent(t, server, [...args, '--remote-port', String(port)], { token: known })
    t.match(refused.events.at(-1), { event: 'error', code }, `${port}`)
  }
  await eventually('usage that waits', async () => {
    if ((await server.metric('uniroute_records_waiting')) === 0) throw new Error('nothing waits')
  })
  t.equal(await server.metric('uniroute_records_dropped_total'), 0)
  const waiting = await Agent.spawn(t, server, args, { token: unknown })
  t.match(await waiting.process.event('offline'), { code: 'UR_TOKEN_UNCHECKED' })
  t.equal(waiting.process.ending, null, 'it tries again')

  await postgres.launch()
  await waiting.ready()
  await echo(waiting.port())
  await eventually('no warning', async () => {
    if ((await readyz()).warnings['database'] !== undefined) throw new Error('still there')
  })
  await echo(agent.port())
  t.match(await api('tunnels', unused), { status: 200 })
  type Usage = { items: { bytes_in: number }[] }
  await eventually('what was used meanwhile', async () => {
    const [usage] = ((await api('usage')).body as Usage).items
    if (usage === undefined || usage.bytes_in < 64 + 'a known token is let in'.length)
      throw new Error(JSON.stringify(usage))
  })
  await eventually('nothing that waits', async () => {
    if ((await server.metric('uniroute_records_waiting')) > 0) throw new Error('still there')
  })
  t.equal(await server.metric('uniroute_records_dropped_total'), 0, 'and nothing was dropped')
  t.match(await server.uniroutd('token', 'revoke', 'known'), { code: 0 })
  t.match(await agent.exit, { code: 3 }, 'revocations are seen again')
})
