import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { readLogin, removeLogin, withLogin, writeLogin } from '../../../src/cli/uniroute/login-file.js'
import { loadAgentConfig } from '../../../src/config/index.js'
import { Secret } from '../../../src/core/secret.js'
import { ensureBuilt } from '../../support/build.js'
import { temporaryFolder } from '../../support/places.js'
import { BIN, Server } from '../../support/product.js'
import { Process, run } from '../../support/processes.js'
import { echo, startEcho } from '../../support/pumps.js'

const LOGIN = { server: { host: 'tunnels.example.com', port: 443 }, token: new Secret('unr_secret'), ca: null }

t.test('the file is for its owner alone, and is written whole or not at all', async (t) => {
  const env = { XDG_CONFIG_HOME: path.join(await temporaryFolder(t), 'config') }
  t.equal(readLogin(env), null)
  t.equal(removeLogin(env), false)
  const file = writeLogin(env, LOGIN)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.equal((await stat(path.dirname(file))).mode & 0o777, 0o700)
  t.match(readLogin(env), { server: LOGIN.server, ca: null })
  t.equal(readLogin(env)?.token.reveal(), 'unr_secret')
  writeLogin(env, { ...LOGIN, token: new Secret('unr_other') })
  t.equal(readLogin(env)?.token.reveal(), 'unr_other')
  t.strictSame(await readdir(path.dirname(file)), ['login.json'], 'nothing else is left')

  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(file, mode)
    t.throws(
      () => readLogin(env),
      { code: 'UR_LOGIN_FILE', message: /others can read it; run: chmod 600/ },
      mode.toString(8),
    )
  }
  for (const text of [
    '',
    '{',
    '{"server":"x","token":"unr_secret"}',
    '{"server":"a:b:c","token":"unr_secret","ca":null}',
  ]) {
    await writeFile(file, text)
    await chmod(file, 0o600)
    t.throws(() => readLogin(env), { code: 'UR_LOGIN_FILE', message: /^(?!.*unr_secret)/ }, text)
  }
  t.equal(removeLogin(env), true)
  await mkdir(file)
  t.throws(() => readLogin(env), { code: 'UR_LOGIN_FILE' })
  t.throws(() => writeLogin(env, LOGIN), { code: 'UR_LOGIN_FILE' })
  t.strictSame(await readdir(path.dirname(file)), ['login.json'])
})

t.test('flags, environment and configuration win over it, and a token goes to its own server only', async (t) => {
  const env = { XDG_CONFIG_HOME: await temporaryFolder(t) }
  writeLogin(env, LOGIN)
  const tokenWith = (more: Record<string, string>, server?: string) => {
    const overrides = server === undefined ? [] : [{ path: ['server'], value: server, origin: '--server' }]
    return withLogin(loadAgentConfig({ env: { ...env, ...more }, overrides }), env).config.token?.reveal() ?? null
  }
  t.equal(tokenWith({}), 'unr_secret')
  t.equal(tokenWith({}, 'TUNNELS.example.com:443'), 'unr_secret')
  t.equal(tokenWith({}, 'other.example.com'), null)
  t.equal(tokenWith({}, 'tunnels.example.com:8443'), null)
  t.equal(tokenWith({ UNIROUTE_TOKEN: 'unr_env' }), 'unr_env')
  await mkdir(path.join(env.XDG_CONFIG_HOME, 'uniroute'), { recursive: true })
  await writeFile(path.join(env.XDG_CONFIG_HOME, 'uniroute/uniroute.yml'), 'token: unr_file\n', { mode: 0o600 })
  t.equal(tokenWith({}), 'unr_file')
})

t.test('login asks the server first; then the agent needs neither server nor token', async (t) => {
  await ensureBuilt()
  const [server, upstream, home] = await Promise.all([Server.start(t), startEcho(t), temporaryFolder(t)])
  const token = await server.createToken('laptop')
  const env = { PATH: process.env['PATH'], HOME: home }
  const address = `127.0.0.1:${server.port}`
  const args = ['login', '--server', address, '--ca', server.authority.ca]
  const piped = (text: string) =>
    run('/bin/sh', ['-c', `printf '%s' "$TEXT" | "$@"`, 'sh', process.execPath, BIN.uniroute, ...args], {
      env: { ...env, TEXT: text },
    })
  const file = path.join(home, '.config/uniroute/login.json')
  t.match(await piped(`unr_${'a'.repeat(43)}`), { code: 3, err: /does not know this token.*\(UR_TOKEN_INVALID\)/ })
  t.match(await piped(''), { code: 2, err: /\(UR_LOGIN_TOKEN\)/ })
  await t.rejects(stat(file), { code: 'ENOENT' }, 'nothing is stored')

  const done = await piped(`${token}\nanother line`)
  t.match(done, { code: 0, err: '' })
  t.match(done.out, `The token is good. ${address} is remembered in ${file}`)
  t.notMatch(done.out, token)
  t.match(JSON.parse(await readFile(file, 'utf8')), { server: address, token, ca: server.authority.ca })

  const agent = new Process(
    'uniroute',
    process.execPath,
    [BIN.uniroute, 'tcp', String(upstream.port), '--output', 'json'],
    { env, cwd: home },
  )
  t.teardown(() => agent.stop())
  server.processes.push(agent)
  const { tunnels } = (await agent.event('ready')) as unknown as { tunnels: { public_url: string }[] }
  await echo(Number(/:(\d+)$/.exec(tunnels[0]?.public_url ?? '')?.[1]))
  await agent.stop('SIGTERM')

  const logout = () => run(process.execPath, [BIN.uniroute, 'logout'], { env })
  t.match(await logout(), { code: 0, out: `${file} is removed.` })
  t.match(await logout(), { code: 0, out: 'There was no login.' })
  t.match(await run(process.execPath, [BIN.uniroute, 'tcp', '1'], { env }), {
    code: 2,
    err: /uniroute login --server HOST/,
  })
})

t.test('on a terminal the token is asked for, and not shown', async (t) => {
  await ensureBuilt()
  const [server, home] = await Promise.all([Server.start(t), temporaryFolder(t)])
  const token = await server.createToken('laptop')
  const command = `${process.execPath} ${BIN.uniroute} login --server 127.0.0.1:${server.port} --ca ${server.authority.ca}`
  const env = { PATH: process.env['PATH'], HOME: home, SHELL: '/bin/sh' }
  const terminal = new Process('script', 'script', ['-qefc', command, '/dev/null'], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.teardown(() => terminal.stop())
  const asked = new Promise<void>((resolve) => {
    terminal.child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('Token (it is not shown):')) resolve()
    })
  })
  await asked
  terminal.child.stdin?.write(`x\x7f${token}\r`)
  t.match(await terminal.exit, { code: 0 })
  t.match(terminal.printed, 'The token is good.')
  t.notMatch(terminal.printed, token)
  t.match(await readFile(path.join(home, '.config/uniroute/login.json'), 'utf8'), token)
})
