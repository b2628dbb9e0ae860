import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { Agent, runAgent, Server } from '../support/product.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'
import { temporaryFolder } from '../support/places.js'

t.test('a token that is narrowed loses within 2 seconds what it may not have any more, and nothing else', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const made = await server.uniroutd(
    'token',
    'create',
    'laptop',
    '--kind',
    'tcp',
    'tls',
    '--max-tunnels',
    '5',
    '--json',
  )
  const { token, rights } = JSON.parse(made.out) as { token: string; rights: unknown }
  t.strictSame(rights, { kinds: ['tcp', 'tls'], max_tunnels: 5 })
  const file = path.join(await temporaryFolder(t), 'uniroute.yml')
  const tunnel = (port: number) => ({ kind: 'tcp', upstream: upstream.port, remote_port: port })
  const { first } = server.ports
  await writeFile(file, JSON.stringify({ tunnels: { kept: tunnel(first), lost: tunnel(first + 1) } }))
  const agent = await Agent.start(t, server, ['start', '--all', '--config', file], { token })
  const [staying, going] = [await visit(agent.port('kept')), await visit(agent.port('lost'))]
  await echoOn(staying)
  await echoOn(going)
  const cut = new Promise<number>((resolve) => going.once('close', () => resolve(performance.now())))
  going.on('error', () => undefined)

  const updated = await server.uniroutd('token', 'update', 'laptop', '--allow-port', String(first), '--json')
  const start = performance.now()
  t.match(JSON.parse(updated.out), { name: 'laptop', rights: { kinds: ['tcp', 'tls'], ports: [`${first}`] } })
  const ms = Math.round((await cut) - start)
  t.ok(ms < 2000, `its visitors were cut off after ${ms} ms`)
  const notice = await agent.process.event('notice')
  t.match(notice, { level: 'error', code: 'UR_RIGHTS_CHANGED', text: /"lost" \(tcp:/ })
  const refused = await agent.process.event('error', { when: ({ code }) => code === 'UR_RIGHTS_PORT' })
  t.match(refused, { tunnel: 'lost', fatal: false, message: new RegExp(`port ${first + 1}, only ${first}`) })
  await t.rejects(echo(first + 1), 'its port is closed')
  await echoOn(staying)
  await echo(first)

  // And it is back by itself when the rights are widened.
  const seen = agent.process.out.length
  t.match(await server.uniroutd('token', 'update', 'laptop', '--lift', 'ports'), {
    code: 0,
    out: /kinds=tcp,tls max_t/,
  })
  await agent.process.event('tunnel', { from: seen, when: ({ name }) => name === 'lost' })
  await echo(first + 1)
  await echoOn(staying)
})

t.test('what a token may not have is refused, with its code, at the start', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const create = async (...flags: string[]): Promise<string> => {
    const made = await server.uniroutd('token', 'create', `t${server.tokens.length}`, ...flags, '--json')
    const { token } = JSON.parse(made.out) as { token: string }
    server.tokens.push(token)
    return token
  }
  const cases = [
    { flags: ['--allow-name', 'alice-*'], args: ['http', '9', '--subdomain', 'bob'], code: 'UR_RIGHTS_NAME' },
    { flags: ['--kind', 'http', '--require-rule', 'basic-auth'], args: ['http', '9'], code: 'UR_RIGHTS_RULE' },
  ]
  for (const { flags, args, code } of cases) {
    const agent = await runAgent(t, server, args, { token: await create(...flags) })
    t.equal(agent.code, 3, code)
    t.match(agent.events.at(-1), { event: 'error', code }, code)
  }
  const one = await create('--max-tunnels', '1')
  const holder = await Agent.start(t, server, ['tcp', String(upstream.port)], { token: one })
  const second = await runAgent(t, server, ['tcp', '9', '--name', 'other'], { token: one })
  t.match(second, { code: 3, err: /UR_QUOTA_TUNNELS/ })
  await echo(holder.port())

  t.match(await server.uniroutd('token', 'create', 'bad', '--kind', 'quic'), {
    code: 2,
    err: /kinds\[0\].*UR_RIGHTS_INVALID/s,
  })
  t.match(await server.uniroutd('token', 'list'), {
    out: /RIGHTS\n.*names=alice-\*\n.*kinds=http require_rules=basic_auth\n/,
  })
})

t.test('an account that is disabled: its sessions end within 2 seconds, those of others go on', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const account = JSON.parse((await server.uniroutd('account', 'create', 'alice', '--json')).out) as { id: string }
  t.match(account.id, /^acc_/)
  const made = await server.uniroutd('token', 'create', 'laptop', '--account', 'alice', '--json')
  const { token, account_id } = JSON.parse(made.out) as { token: string; account_id: string }
  t.equal(account_id, account.id)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  const bystander = await Agent.start(t, server, ['tcp', String(upstream.port)])
  await echo(agent.port())

  t.match(await server.uniroutd('account', 'disable', 'alice'), { code: 0, out: /is disabled/ })
  const start = performance.now()
  t.match(await agent.exit, { code: 3 })
  const ms = Math.round(performance.now() - start)
  t.ok(ms < 2000, `its session ended after ${ms} ms`)
  t.match(agent.process.err.join('\n'), /UR_ACCOUNT_DISABLED/)
  await echo(bystander.port())
  t.match(await runAgent(t, server, ['tcp', '9'], { token }), { code: 3, err: /UR_ACCOUNT_DISABLED/ })
  t.match(await server.uniroutd('account', 'list'), { code: 0, out: /alice .* disabled / })

  t.match(await server.uniroutd('account', 'enable', account.id), { code: 0, out: /is enabled/ })
  const again = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  await echo(again.port())
  t.match(await server.uniroutd('account', 'disable', 'nobody'), { code: 1, err: /UR_ACCOUNT_NOT_FOUND/ })
})

t.test('the bytes of a day are still used up after the server was restarted', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const made = await server.uniroutd('token', 'create', 'laptop', '--bytes-per-day', '300KB', '--json')
  const { token } = JSON.parse(made.out) as { token: string }
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  await echo(agent.port(), Buffer.alloc(100_000))
  const seen = agent.process.out.length
  await server.restart('SIGTERM')
  await agent.process.event('tunnel', { from: seen })
  // It may be cut off where the day is used up, or be faster than that is seen.
  await echo(agent.port(), Buffer.alloc(100_000)).catch(() => undefined)
  await t.rejects(echo(agent.port()), 'nobody is let in any more')
})
