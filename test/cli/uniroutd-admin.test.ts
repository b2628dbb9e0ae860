import { stat, writeFile } from 'node:fs/promises'
import t from 'tap'
import { AdminApi } from '../admin/support.js'
import { Agent } from '../support/product.js'
import { startEcho } from '../support/pumps.js'

t.test('commands say the same through the server that runs and on its database', async (t) => {
  const api = await AdminApi.start(t)
  const { server } = api
  const token = await server.createToken('laptop')
  const commands = [
    ['token', 'list'],
    ['token', 'list', '--json'],
    ['token', 'create', 'laptop'],
    ['token', 'revoke', '../accounts'],
    ['admin-token', 'list', '--json'],
    ['usage', '--account', 'nobody'],
    ['audit', '--json'],
  ]
  const run = () => Promise.all(commands.map((command) => server.uniroutd(...command)))
  const running = await run()
  await server.process.stop('SIGTERM')
  await t.rejects(stat(api.socket), { code: 'ENOENT' }, 'the socket is gone')
  const stopped = await run()
  const used = /"last_used_at":"[^"]*"/g // the requests above were not made with a token
  for (const [i, command] of commands.entries()) {
    const [through, direct] = [running[i], stopped[i]]
    t.equal(through?.code, direct?.code, command.join(' '))
    t.equal(through?.out.replace(used, ''), direct?.out.replace(used, ''), command.join(' '))
    t.equal(through?.err, direct?.err, command.join(' '))
  }
  t.match(running[0]?.out, /laptop/)
  t.notMatch(running[0]?.out, token)

  t.match(await server.uniroutd('sessions'), { code: 1, err: /no server runs.*\(UR_ADMIN_NO_SERVER\)/ })
  await writeFile(api.socket, '')
  t.match(
    await server.uniroutd('token', 'list'),
    { code: 0, out: /laptop/ },
    'what is no socket of a server counts as none',
  )
})

t.test('sessions and tunnels of the server that runs', async (t) => {
  const [api, upstream] = await Promise.all([AdminApi.start(t), startEcho(t)])
  const agent = await Agent.start(t, api.server, ['tcp', String(upstream.port), '--name', 'db'])
  const sessions = await api.server.uniroutd('sessions')
  t.match(sessions.out, /^SESSION +TOKEN +FROM +STATE.*\n[0-9a-f]{8} +agent-0 +127\.0\.0\.1 +online/)
  t.match(JSON.parse((await api.server.uniroutd('sessions', '--json')).out), { token_name: 'agent-0', tunnels: 1 })
  const tunnels = await api.server.uniroutd('tunnels')
  t.match(tunnels.out, agent.tunnels[0]?.public_url)
  t.match(JSON.parse((await api.server.uniroutd('tunnels', '--json')).out), { name: 'db', kind: 'tcp' })

  api.server.process.kill('SIGKILL')
  await api.server.process.exit
  await stat(api.socket)
  t.match(await api.server.uniroutd('token', 'list'), { code: 0 }, 'a socket that was left behind keeps nobody')
  await api.launch()
  t.match(await api.server.uniroutd('sessions'), { code: 0 }, 'nor the next server')
})
