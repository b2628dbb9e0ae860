import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { databaseFile } from '../../src/daemon/database.js'
import { openStore, SCHEMA_VERSION } from '../../src/store/index.js'
import { ensureBuilt } from '../support/build.js'
import { callAll } from '../support/cli-calls.js'
import { eventually, within } from '../support/hang.js'
import { freePort, listen, temporaryFolder } from '../support/places.js'
import { BIN, Server } from '../support/product.js'
import { DEFECT_AT_SIGUSR2, Process, run } from '../support/processes.js'

t.before(() => ensureBuilt())

const uniroutd = (args: string[], cwd?: string) => run(process.execPath, [BIN.uniroutd, ...args], cwd ? { cwd } : {})
const A_TOKEN = `unr_${'a'.repeat(43)}`

t.test('wrong usage: exit code 2, and the nearest command or flag', async (t) => {
  const cases: [string[], RegExp][] = [
    [['tokn'], /unknown command 'tokn'; did you mean token\? \(UR_USAGE\)/],
    [['something-else-entirely'], /unknown command.*there are: run, dev/],
    [['token', 'crate', 'x'], /unknown command 'crate'\. Did you mean create\?/],
    [['token'], /UR_USAGE/],
    [['token', 'create'], /missing required argument 'name'/],
    [['dev', '--listen-tsl', '1'], /unknown option '--listen-tsl'\. Did you mean --listen-tls\?/],
    [['run', '--bind-port', '7000'], /unknown option '--bind-port'; here: --listen-tls HOST:PORT/],
    [['run', '--token', 'x'], /here: each agent has a token of its own: uniroutd token create NAME/],
    [['dev', '--grace-period', 'soon'], /Write a duration/],
    [['dev', '--grace-period', '25d'], /Write a duration of up to 24h/],
    [['dev', `--tokne=${A_TOKEN}`], /unknown option '--tokne=unr_\*\*\*'/],
    [['dev', '--domain', `${A_TOKEN}:1`], /"unr_\*\*\*:1" is not allowed/],
    [['dev', '--log-level', 'loud'], /debug, info, warn/],
    [['dev', '--listen-tls', 'nowhere:x'], /--listen-tls.*\(UR_CONFIG_VALUE\)/s],
    [['run', '--config', '/nonexistent.yml'], /\/nonexistent\.yml.*\(UR_CONFIG_MISSING\)/],
    [['completion', 'tcsh'], /bash, zsh, fish/],
  ]
  const answers = await callAll(
    'uniroutd',
    cases.map(([args]) => args),
  )
  for (const [i, [args, message]] of cases.entries()) {
    const { code, err, out } = answers[i]!
    t.equal(code, 2, args.join(' '))
    t.match(err, message, args.join(' '))
    t.notMatch(err, /^ +at /m, 'no stack trace')
    t.equal(out, '', args.join(' '))
  }
})

t.test('programs are told of a failure on stdout', async (t) => {
  const { code, out, err } = await uniroutd(['run', '--config', '/nonexistent.yml', '--output', 'json'])
  t.equal(code, 2)
  t.match(JSON.parse(out), { event: 'error', code: 'UR_CONFIG_MISSING', message: /nonexistent/, fatal: true })
  t.match(err, 'UR_CONFIG_MISSING')
})

t.test('dev needs nothing, and is the same at its second start', async (t) => {
  const cwd = await temporaryFolder(t)
  const args = [
    'dev',
    '--listen-tls',
    '127.0.0.1:0',
    '--listen-http',
    '127.0.0.1:0',
    '--listen-metrics',
    '127.0.0.1:0',
    '--listen-admin',
    '127.0.0.1:0',
  ]
  const start = async () => {
    const server = new Process('uniroutd dev', process.execPath, [BIN.uniroutd, ...args, '--output', 'json'], { cwd })
    const ready = await server.event('ready')
    return { ready, ending: await server.stop('SIGTERM'), server }
  }
  const first = await start()
  const local = /^127\.0\.0\.1:\d+$/
  t.match(first.ready, { tls: local, http: local, admin: local, metrics: local, domain: 'localhost' })
  t.match(first.ready, { token: /^unr_/, admin_token: /^unra_/ })
  t.equal(first.ready['ca'], path.join(cwd, '.uniroute-dev/dev-ca/ca.pem'))
  t.match(await readFile(String(first.ready['ca']), 'utf8'), 'BEGIN CERTIFICATE')
  t.match(first.ending, { code: 0 })
  t.equal((await stat(path.join(cwd, '.uniroute-dev'))).mode & 0o077, 0, 'nobody else may look into its folder')

  const second = await start()
  for (const token of ['token', 'admin_token']) {
    t.equal(second.ready[token], first.ready[token])
    t.notOk(
      second.server.err.some((line) => line.includes(String(first.ready[token]))),
      'the token is in no log',
    )
  }

  await run(process.execPath, [BIN.uniroutd, 'token', 'revoke', 'dev', '--data-dir', '.uniroute-dev'], { cwd })
  t.not((await start()).ready['token'], first.ready['token'], 'a revoked one is replaced')
})

t.test('dev tells people what to type', async (t) => {
  const cwd = await temporaryFolder(t)
  const args = [
    'dev',
    '--listen-tls',
    '127.0.0.1:0',
    '--listen-http',
    'off',
    '--listen-metrics',
    'off',
    '--listen-admin',
    'off',
  ]
  const server = new Process('uniroutd dev', process.execPath, [BIN.uniroutd, ...args], { cwd })
  t.match(
    await server.line(/uniroute\.js http/),
    /node \S*bin\/uniroute\.js http 3000 --server 127\.0\.0\.1:\d+ --ca \/.*ca\.pem --token unr_/,
  )
  t.match(await server.line(/curl/), /curl --cacert \/.*ca\.pem https:\/\/NAME\.localhost:\d+\/$/)
  await server.stop('SIGINT')
})

t.test('a port that is taken', async (t) => {
  const squatter = net.createServer()
  const port = await listen(squatter)
  t.teardown(() => squatter.close())
  const args = [
    'dev',
    '--listen-http',
    'off',
    '--listen-admin',
    'off',
    '--listen-metrics',
    'off',
    '--listen-tls',
    `127.0.0.1:${port}`,
  ]
  const { code, err } = await uniroutd(args, await temporaryFolder(t))
  t.equal(code, 1)
  t.match(err, new RegExp(`127\\.0\\.0\\.1:${port}.*\\(UR_LISTEN_IN_USE\\)`))
})

t.test('check finds what would not work', async (t) => {
  const server = await Server.start(t, { start: false })
  await chmod(path.join(server.folder, 'data'), 0o700)
  const good = await server.uniroutd('check')
  t.match(good, { code: 0, out: /ok +data folder[^]*ok +certificate files[^]*ok +listen\.tls/ })

  const elsewhere = await server.authority.issue(['elsewhere.example'])
  await server.reconfigure({ certs: { mode: 'files', files: [{ cert: elsewhere.cert, key: elsewhere.key }] } })
  const misnamed = await server.uniroutd('check')
  t.match(misnamed, { code: 2, out: /problem +certificate files: none is for the domain \S+ \(.*elsewhere\.example/ })

  const squatter = net.createServer()
  t.teardown(() => squatter.close())
  await listen(squatter, server.port)
  await chmod(path.join(server.folder, 'data'), 0o755)
  const other = await server.authority.issue(['other.example'])
  const { certs } = { certs: { mode: 'files', files: [{ cert: other.cert, key: server.authority.ca }] } }
  await server.reconfigure({ certs })
  const bad = await server.uniroutd('check')
  t.equal(bad.code, 2)
  t.match(bad.out, /problem +data folder .*chmod 700/)
  t.match(bad.out, /problem +certificate files: .*UR_CERT_/)
  t.match(bad.out, /problem +listen\.tls 127\.0\.0\.1:\d+: it is in use/)
  t.match(bad.err, /3 of 5 checks failed.*UR_CHECK_FAILED/)
})

t.test('check leaves nothing behind', async (t) => {
  const folder = await temporaryFolder(t)
  const file = path.join(folder, 'uniroutd.yml')
  await writeFile(
    file,
    `data_dir: new/data\nlisten: { tls: "127.0.0.1:0", http: off, metrics: off, admin: off }\ncerts: { mode: dev }\n`,
  )
  t.match(await uniroutd(['check', '--config', file]), { code: 0 })
  await t.rejects(stat(path.join(folder, 'new')), { code: 'ENOENT' })
})

t.test('tokens in a folder of their own, as text and as JSON', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'data')
  await mkdir(folder, { mode: 0o700 })
  const tokens = (...calls: string[][]) =>
    callAll(
      'uniroutd',
      calls.map((args) => ['token', ...args, '--data-dir', folder]),
    )
  const missing = { code: 1, err: /UR_STORE_MISSING/ }
  t.match(await tokens(['list'], ['revoke', 'laptop']), [missing, missing], 'a folder mistyped is not a new database')
  await (await openStore({ file: databaseFile(folder) })).close()
  const [none, made, desktop, both, revoked, short, three, long, after, misnamed] = await tokens(
    ['list'],
    ['create', 'laptop', '--json'],
    ['create', 'desktop'],
    ['list'],
    ['revoke', 'laptop'],
    ['create', 'brief', '--expires', '30d', '--json'],
    ['list'],
    ['create', 'x', '--expires', '3651d'],
    ['list'],
    ['create', 'not a name'],
  )
  t.match(none, { code: 0, out: /no tokens yet/ })
  t.match(JSON.parse(made!.out), { id: /^tok_/, name: 'laptop', token: /^unr_/ })
  t.match(desktop, {
    code: 0,
    out: /^unr_\w+$/,
    err: /"desktop" \(tok_/,
  })
  t.match(both, {
    out: /ID +NAME +CREATED +LAST USED +STATE +ACCOUNT +RIGHTS\n.*laptop.*never +valid +default +all\n.*desktop/,
  })
  t.match(revoked, { code: 0, out: /"laptop".*is revoked/ })
  const brief = JSON.parse(short!.out) as { expires_at: string }
  const days = (Date.parse(brief.expires_at) - Date.now()) / 86_400_000
  t.ok(days > 29.9 && days <= 30, `it ends in ${days} days`)
  t.match(three, { out: `valid until ${brief.expires_at}` })
  t.match(long, { code: 2, err: /up to 3650d/ })
  t.match(after, { out: /laptop.*revoked/ })
  t.match(misnamed, { code: 2, err: /UR_TOKEN_NAME_INVALID/ })
})

t.test('a database of the environment needs no configuration file, and no password is printed', async (t) => {
  const cwd = await temporaryFolder(t)
  const port = await freePort()
  await writeFile(path.join(cwd, 'address'), `postgres://u:hunter2@127.0.0.1:${port}/d`)
  for (const store of [`postgres://u:hunter2@127.0.0.1:${port}/d`, 'file:address']) {
    const env = { ...process.env, UNIROUTE_STORE: store }
    for (const flags of [[], ['--data-dir', cwd]]) {
      const list = await run(process.execPath, [BIN.uniroutd, 'token', 'list', ...flags], { cwd, env })
      t.match(list, { code: 1, err: new RegExp(`postgres://u@127.0.0.1:${port}/d .*UR_STORE_UNREACHABLE`) })
      t.notMatch(list.err, 'hunter2')
    }
  }
})

t.test('migrate says what it does, and --dry-run does nothing', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'data')
  const migrate = (...args: string[]) => uniroutd(['migrate', ...args, '--data-dir', folder])
  const shown = JSON.parse((await migrate('--dry-run', '--json')).out) as { steps: unknown[] }
  t.match(shown, { database: databaseFile(folder), from: 0, to: SCHEMA_VERSION, done: false })
  t.match(shown.steps, [{ version: 1, name: 'tokens' }])
  t.equal(shown.steps.length, SCHEMA_VERSION)
  await t.rejects(stat(folder), { code: 'ENOENT' }, 'nothing was made')
  const [dry, first, second, json] = await callAll(
    'uniroutd',
    [['--dry-run'], [], [], ['--json']].map((args) => ['migrate', ...args, '--data-dir', folder]),
  )
  t.match(dry, { code: 0, out: /had schema version 0\.\nto do {4}version 1: tokens/ })
  t.match(first, { code: 0, out: /had schema version 0\.\ndone {5}version 1: tokens/ })
  t.match(second, { code: 0, out: new RegExp(`up to date \\(schema version ${SCHEMA_VERSION}\\)`) })
  const upToDate = { from: SCHEMA_VERSION, to: SCHEMA_VERSION, steps: [] }
  t.match(JSON.parse(json!.out), { ...upToDate, done: true })
})

t.test('backup while the server runs, restore when it does not', async (t) => {
  const server = await Server.start(t)
  const before = await server.createToken('before')
  const file = path.join(server.folder, 'backup.db')
  t.match(JSON.parse((await server.uniroutd('backup', file, '--json')).out), {
    backup: file,
    bytes: (await stat(file)).size,
    schema_version: SCHEMA_VERSION,
  })
  t.match(await server.uniroutd('backup', file), { code: 1, err: /nothing is overwritten.*\(UR_BACKUP_EXISTS\)/ })
  await server.createToken('after')
  t.match(await server.uniroutd('restore', file), { code: 1, err: /open in another process.*\(UR_STORE_IN_USE\)/ })
  t.match((await server.uniroutd('token', 'list')).out, /before.*\n.*after/, 'nothing was changed')

  await server.process.stop('SIGTERM')
  const restored = await server.uniroutd('restore', file, '--json')
  const { kept } = JSON.parse(restored.out) as { kept: string }
  t.match(kept, /uniroute\.db\.before-restore-\d{8}T\d{9}Z$/)
  await server.launch()
  t.notMatch((await server.uniroutd('token', 'list')).out, 'after')
  t.match(await server.uniroutd('restore', file), { code: 1, err: /UR_STORE_IN_USE/ })
  t.ok(before)

  await server.reconfigure({ store: 'postgres://u:hunter2@127.0.0.1/d' })
  for (const command of ['backup', 'restore']) {
    const refused = await server.uniroutd(command, path.join(server.folder, 'other'))
    t.match(refused, { code: 2, err: /postgres:\/\/u@127\.0\.0\.1\/d.*pg_dump.*\(UR_BACKUP_POSTGRES\)/ })
    t.notMatch(refused.err, 'hunter2')
  }
})

t.test('a data_dir that is a file is told as what it is', async (t) => {
  const folder = await temporaryFolder(t)
  const file = path.join(folder, 'data')
  await writeFile(file, '')
  const flags = [
    '--listen-tls',
    '127.0.0.1:0',
    '--listen-http',
    'off',
    '--listen-metrics',
    'off',
    '--listen-admin',
    'off',
  ]
  t.match(await uniroutd(['dev', '--data-dir', file, ...flags]), { code: 1, err: /The database .*data.*UR_STORE_/s })
})

t.test('a defect is logged, and ends the server', async (t) => {
  const server = await Server.start(t, { start: false })
  const args = [DEFECT_AT_SIGUSR2, BIN.uniroutd, '--config', server.configFile, '--output', 'json']
  const broken = new Process('uniroutd with a defect', process.execPath, args)
  await broken.event('ready')
  t.match(await broken.stop('SIGUSR2'), { code: 1 })
  const logged = JSON.parse(await broken.line(/UR_INTERNAL/, { where: 'err' })) as unknown
  t.match(logged, { level: 'error', code: 'UR_INTERNAL', message: /x is not a function/ })
})

t.test('a server goes on when nobody reads its events any more', async (t) => {
  const server = await Server.start(t)
  server.process.child.stdout?.destroy()
  server.process.kill('SIGHUP')
  await server.process.line(/configuration reloaded/, { where: 'err' })
  t.match(await server.process.stop('SIGTERM'), { code: 0 })
})

t.test('a full disk behind its output: a server goes on, a command says that its answer is lost', async (t) => {
  const metrics = `127.0.0.1:${await freePort()}`
  const server = await Server.start(t, { start: false, config: { listen: { metrics } } })
  const line = [process.execPath, BIN.uniroutd, 'run', '--config', server.configFile]
  const running = new Process('uniroutd', '/bin/sh', ['-c', 'exec "$@" 2>/dev/full >/dev/full', 'sh', ...line])
  t.teardown(() => running.stop('SIGKILL'))
  await eventually('the server', () => fetch(`http://${metrics}/healthz`))
  running.kill('SIGTERM')
  t.match(await within('the end', running.exit), { code: 0 }, 'it ran until it was stopped')

  const create = ['token', 'create', 'a', '--config', server.configFile]
  const lost = await run('/bin/sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, BIN.uniroutd, ...create])
  t.equal(lost.code, 1)
  t.match(lost.err, /the command was done, but its answer could not be written.*ENOSPC.*\(UR_OUTPUT\)/s)
})
