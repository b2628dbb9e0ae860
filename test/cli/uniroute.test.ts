import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { ensureBuilt } from '../support/build.js'
import { callAll } from '../support/cli-calls.js'
import { within } from '../support/hang.js'
import { freePort, temporaryFolder, type Owner } from '../support/places.js'
import { Agent, assertDecent, BIN, Server } from '../support/product.js'
import { DEFECT_AT_SIGUSR2, Process, run } from '../support/processes.js'
import { echo, startEcho } from '../support/pumps.js'

t.before(() => ensureBuilt())

/** Runs `uniroute ARGS…` to its end in an empty home, with only these variables. */
async function uniroute(t: Owner, args: string[], variables: NodeJS.ProcessEnv = {}) {
  const home = await temporaryFolder(t)
  const env = { PATH: process.env['PATH'], HOME: home, ...variables }
  return run(process.execPath, [BIN.uniroute, ...args], { env, cwd: home })
}

/** Variables with which an agent reaches `server`. */
async function access(server: Server): Promise<Record<string, string>> {
  const token = await server.createToken(`cli-${server.tokens.length}`)
  return { UNIROUTE_SERVER: `127.0.0.1:${server.port}`, UNIROUTE_TOKEN: token, UNIROUTE_CA: server.authority.ca }
}

t.test('wrong usage: exit code 2, and the nearest command or flag', async (t) => {
  const at = ['--server', '127.0.0.1:1']
  const cases: [string[], RegExp][] = [
    [[], /a command is missing.*\(UR_USAGE\)/s],
    [['tpc', '5432'], /unknown command 'tpc'\. Did you mean tcp\?/],
    [['tcp'], /missing required argument 'upstream'/],
    [['tcp', '5432'], /no server is named; run "uniroute login --server HOST", give --server/],
    [['tcp', 'nonsense', ...at], /"nonsense".*\(UR_UPSTREAM_SYNTAX\)/],
    [['tcp', '5432', '--tokne', 'x'], /unknown option '--tokne'\. Did you mean --token\?/],
    [['http', '80', '--authtoken', 'x'], /unknown option '--authtoken'; here: --token TOKEN.*UNIROUTE_TOKEN/],
    [['http', '80', '--url=https://a.example'], /here: the public name is --domain NAME or --subdomain LABEL/],
    [['http', '80', '--hostname', 'a.example'], /here: the whole public name is --domain NAME/],
    [['tcp', '22', '--server_addr', 'a.example'], /here: --server HOST:PORT; there are no regions/],
    [['http', '80', '--http-pwd', 'x'], /here: --basic-auth USER:PASSWORD/],
    [['tcp', '22', '--basic-auth', 'a:b'], /no such flag, but these have: uniroute http \(UR_USAGE\)/],
    [['tcp', '22', '--domain', 'a.example'], /these have: uniroute http, uniroute tls/],
    [['tcp', '5432', '--remote-port', '70000', ...at], /from 1 to 65535/],
    [['tcp', '5432', '--proxy-protocol', '3', ...at], /Write 1 or 2/],
    [['tcp', '5432', '--connections', '9', ...at], /--connections.*\(UR_CONFIG_VALUE\)/],
    [['tcp', '5432', '--config', '/nonexistent.yml', ...at], /UR_CONFIG_MISSING/],
    [['tcp', '5432', '--ca', '/nonexistent.pem', ...at], /nonexistent\.pem/],
    [['start', ...at], /there are no tunnels/],
    [['http', '3000', '--subdomain', 'shop', '--domain', 'a.example', ...at], /exclude each other/],
    [['http', '3000', '--subdomain', 'a.b', ...at], /--subdomain a\.b is not allowed; write one label/],
    [['tls', '3000', '--subdomain', 'a_b', ...at], /--subdomain a_b is not allowed/],
    [['http', '3000', '--sticky', ...at], /--sticky needs --pool/],
    [['http', '3000', '--weight', '101', ...at], /from 1 to 100/],
    [['http', '3000', '--pool', 'best', ...at], /round-robin, least-connections/],
    [['http', '3000', '--scheme', 'ftp', ...at], /https, http, both/],
    [['http', 'http://localhost/path', ...at], /UR_UPSTREAM_SYNTAX/],
    [['udp', '53'], /udp tunnels are not in this version.*\(UR_NOT_IN_VERSION\)/],
  ]
  const home = await temporaryFolder(t)
  const answers = await callAll(
    'uniroute',
    cases.map(([args]) => args),
    { env: { PATH: process.env['PATH'], HOME: home }, cwd: home },
  )
  for (const [i, [args, message]] of cases.entries()) {
    const { code, err, out } = answers[i]!
    t.match(err, message, args.join(' '))
    t.equal(code, 2, args.join(' '))
    t.notMatch(err, /^ +at /m, 'no stack trace')
    t.equal(out, '', args.join(' '))
  }
})

t.test('version and completion', async (t) => {
  t.match(await uniroute(t, ['--version']), { code: 0, out: /^uniroute \d+\.\d+\.\d+$/ })
  t.match(await uniroute(t, ['version']), { code: 0, out: /^uniroute \d+\.\d+\.\d+$/ })
  t.match(await uniroute(t, ['completion', 'bash']), { code: 0, out: /complete .* uniroute/ })
})

t.test('config check names what is wrong and where', async (t) => {
  const folder = await temporaryFolder(t)
  const file = path.join(folder, 'uniroute.yml')
  await writeFile(file, 'token: unr_secretsecretsecret\ntunnels:\n  db: { kind: tcp, upstream: 5432 }\n')
  await chmod(file, 0o644)
  const good = await uniroute(t, ['config', 'check', '--config', file])
  t.match(good, { code: 0, out: /is valid: 1 tunnel \(db\)/, err: /chmod 600/ })
  await writeFile(file, `ca: ${folder}/nope.pem\n`)
  t.match(await uniroute(t, ['config', 'check', '--config', file]), { code: 2, err: /nope\.pem could not be read/ })
  const web = (keys: string) => writeFile(file, `tunnels:\n  web: { kind: http, upstream: 3000, ${keys} }\n`)
  await web('basic_auth: "ann:longpassword"')
  const rules = {
    code: 0,
    out: /1 tunnel \(web\)/,
    err: /holds a password or secret and others can read it.*chmod 600/,
  }
  t.match(await uniroute(t, ['config', 'check', '--config', file]), rules)
  await web('rate: fast')
  const wrong = { code: 2, err: /uniroute\.yml:2:\d+: tunnels\.web\.rate: "fast" is not allowed; write a rate/ }
  t.match(await uniroute(t, ['config', 'check', '--config', file]), wrong)
  await writeFile(file, 'tunels: {}\ntunnels:\n  db: { kind: tcp, upstream: nonsense }\n')
  const bad = await uniroute(t, ['config', 'check', '--config', file])
  t.equal(bad.code, 2)
  t.match(bad.err, /uniroute\.yml:1:1: tunels: unknown key; the nearest known key is tunnels/)
  t.match(bad.err, /uniroute\.yml:3:\d+: tunnels\.db\.upstream: "nonsense"/)
})

t.test('flags win over the environment, the environment over the file', async (t) => {
  const server = await Server.start(t)
  const env = await access(server)
  const home = await temporaryFolder(t)
  const file = path.join(home, 'uniroute.yml')
  await writeFile(file, 'server: 127.0.0.1:1\ntunnels: { db: { kind: tcp, upstream: 9 } }\n', { mode: 0o600 })
  const dead = `127.0.0.1:${await freePort()}`
  const args = ['start', 'db', '--no-reconnect', '--config', file]
  const byFlag = await uniroute(t, [...args, '--server', dead], env)
  t.match(byFlag, { code: 4, err: new RegExp(dead) })
  const byVariable = await uniroute(t, args, { UNIROUTE_SERVER: dead })
  t.match(byVariable, { code: 4, err: new RegExp(dead) })
  const byFile = await uniroute(t, args)
  t.match(byFile, { code: 4, err: /127\.0\.0\.1:1\b/ })
  const wrongToken = await uniroute(t, [...args, '--token', 'unr_wrong'], env)
  t.match(wrongToken, { code: 3, err: /UR_TOKEN_MALFORMED/ })
})

t.test('several tunnels of a file; ready is the first line and names them all', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const file = path.join(server.folder, 'uniroute.yml')
  const tunnels = {
    db: { kind: 'tcp', upstream: upstream.port, remote_port: server.ports.first },
    web: { kind: 'tls', upstream: 'localhost:8443', domain: 'web.example.test' },
  }
  await writeFile(file, JSON.stringify({ tunnels }))
  const agent = await Agent.start(t, server, ['start', '--all', '--config', file])
  t.strictSame(JSON.parse(agent.process.out[0] ?? ''), {
    event: 'ready',
    tunnels: [
      {
        name: 'db',
        kind: 'tcp',
        public_url: `tcp://127.0.0.1:${server.ports.first}`,
        upstream: `localhost:${upstream.port}`,
      },
      { name: 'web', kind: 'tls', public_url: `tls://web.example.test:${server.port}`, upstream: 'localhost:8443' },
    ],
  })
  await echo(server.ports.first)
  const opened = await agent.process.event('connection', { when: ({ state }) => state === 'opened' })
  const closed = await agent.process.event('connection', { when: ({ state }) => state === 'closed' })
  t.match(closed, { id: opened['id'], tunnel: 'db', visitor: /^127\.0\.0\.1:\d+$/, bytes_in: 64, bytes_out: 64 })
})

t.test('without a terminal there are log lines on stderr, and nothing on stdout', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const env = { PATH: process.env['PATH'], HOME: server.folder, ...(await access(server)) }
  const agent = new Process('uniroute', process.execPath, [BIN.uniroute, 'tcp', String(upstream.port)], { env })
  t.teardown(() => assertDecent(agent, server.tokens))
  const line = await agent.line(/forwarding/, { where: 'err' })
  t.match(line, new RegExp(`INFO +forwarding tcp://127\\.0\\.0\\.1:\\d+ -> localhost:${upstream.port}`))
  t.match(await agent.stop('SIGTERM'), { code: 0 })
  t.strictSame(agent.out, [])
})

t.test('with --no-reconnect a loss ends it with exit code 4', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port), '--no-reconnect'])
  await server.process.stop('SIGKILL')
  t.match(await within('the agent to end', agent.exit), { code: 4 })
  t.match(agent.process.events.at(-1), { event: 'error', code: 'UR_SERVER_LOST', fatal: true })
})

t.test('a certificate that does not verify; --insecure says what it does', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const { UNIROUTE_CA: _, ...env } = await access(server)
  const refused = await uniroute(t, ['tcp', String(upstream.port), '--no-reconnect'], env)
  t.match(refused.err, /\(UR_[A-Z_]+\)$/)
  t.not(refused.code, 0)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port), '--insecure'], { ca: null })
  t.match(agent.process.err.join('\n'), /NOT verified/)
  await echo(agent.port())
})

t.test('a defect ends it with one sentence, and with its stack only at level debug', async (t) => {
  const server = await Server.start(t)
  const env = { PATH: process.env['PATH'], HOME: server.folder, ...(await access(server)) }
  const broken = async (...more: string[]) => {
    const args = [DEFECT_AT_SIGUSR2, BIN.uniroute, 'tcp', '9', '--output', 'json', ...more]
    const agent = new Process('uniroute with a defect', process.execPath, args, { env })
    await agent.event('ready')
    t.match(await agent.stop('SIGUSR2'), { code: 1 })
    return agent
  }
  const quiet = await broken()
  const sentence = /^uniroute: something failed inside this program: x is not a function\..*\(UR_INTERNAL\)$/
  t.match(quiet.err.at(-1), sentence)
  assertDecent(quiet, server.tokens)
  t.match(quiet.events.at(-1), { event: 'error', code: 'UR_INTERNAL', fatal: true })
  t.match((await broken('--log-level', 'debug')).printed, /^ +at /m)
})

t.test('whoever reads its events goes away: it ends in good order', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  agent.process.child.stdout?.destroy()
  await echo(agent.port())
  t.match(await within('the agent to end', agent.exit), { code: 0 })
})
