import t, { type Test } from 'tap'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { devServerConfig, loadAgentConfig, loadServerConfig, serverConfigFrom } from '../../src/config/index.js'
import { ConfigError } from '../../src/core/errors.js'
import { Secret } from '../../src/core/secret.js'

const isRoot = process.getuid?.() === 0

/** Does `work` as a user without rights, who is in no list of users where root can choose him. */
function withoutRights(work: () => void): void {
  if (isRoot) process.seteuid?.(54_321)
  try {
    work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

const fileOf = (t: Test, text: string, name = 'test.yml') => {
  const file = join(t.testdir(), name)
  writeFileSync(file, text)
  return file
}
const server = (t: Test, text: string) => loadServerConfig({ file: fileOf(t, text), env: {} }).config

/** The error of a server file with this text, as [code, lines without the folder]. */
const refusal = (t: Test, text: string) => {
  const file = fileOf(t, text)
  try {
    loadServerConfig({ file, env: {} })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [error.code, ...error.message.replaceAll(file, 'test.yml').split('\n')]
  }
  throw new Error('was accepted')
}

const DEV = 'certs: {mode: dev}\n'

t.test('an almost empty file has every default', async (t) => {
  const config = server(t, DEV)
  t.same(config.listen.tls, { host: undefined, port: 443 })
  t.same(config.listen.metrics, { host: '127.0.0.1', port: 9464 })
  t.same(config.listen.tcp_ports, [{ host: undefined, from: 20_000, to: 29_999 }])
  t.equal(config.grace_period, 30_000)
  t.equal(config.limits.hello_timeout, 5000)
  t.equal(config.limits.window_max, 16 * 1024 * 1024)
  t.equal(config.limits.carriers_per_session, 8)
  t.equal(config.node.name, hostname())
  t.equal(config.node.advertise, null)
  t.same(config.log, { level: 'info', format: 'text' })
})

t.test('keys with nothing behind them are as if absent', async (t) => {
  t.same(server(t, `${DEV}limits:\nlog:\n  level:\ngrace_period:\n`), server(t, DEV))
})

t.test('values are read as people write them', async (t) => {
  const config = server(
    t,
    `domain: Tunnels.Example.com
data_dir: state
grace_period: 1m30s
listen:
  tls: "[::1]:8443"
  http: off
  admin: false
  tcp_ports: [20000-20099, 25432, "127.0.0.1:30000-30001"]
  proxy_protocol: [10.0.0.0/8, "fd00::/8", 192.0.2.1]
certs:
  files:
    - cert: ~/cert.pem
      key: /etc/key.pem
limits: { window_max: 1MiB, sessions: 5 }
`,
  )
  t.equal(config.domain, 'tunnels.example.com')
  t.equal(config.data_dir, join(t.testdirName, 'state'), 'relative to the folder of the file')
  t.equal(config.grace_period, 90_000)
  t.same(config.listen.tls, { host: '::1', port: 8443 })
  t.equal(config.listen.http, null)
  t.equal(config.listen.admin, null)
  t.same(config.listen.tcp_ports, [
    { host: undefined, from: 20_000, to: 20_099 },
    { host: undefined, from: 25_432, to: 25_432 },
    { host: '127.0.0.1', from: 30_000, to: 30_001 },
  ])
  t.same(config.listen.proxy_protocol, [
    { address: '10.0.0.0', prefix: 8 },
    { address: 'fd00::', prefix: 8 },
    { address: '192.0.2.1', prefix: 32 },
  ])
  t.same(config.certs.files, [{ cert: join(process.env['HOME'] ?? '', 'cert.pem'), key: '/etc/key.pem' }])
  t.equal(config.limits.window_max, 1024 * 1024)
})

t.test('an unknown key is refused, and the nearest known key is named', async (t) => {
  t.same(refusal(t, `${DEV}limits:\n  helo_timeout: 5s\n`), [
    'UR_CONFIG_UNKNOWN_KEY',
    'test.yml:3:3: limits.helo_timeout: unknown key; the nearest known key is limits.hello_timeout',
  ])
  t.same(refusal(t, `tls: 443\n${DEV}`), [
    'UR_CONFIG_UNKNOWN_KEY',
    'test.yml:1:1: tls: unknown key; the nearest known key is listen.tls',
  ])
  t.same(refusal(t, `${DEV}data-dir: /x\n`), [
    'UR_CONFIG_UNKNOWN_KEY',
    'test.yml:2:1: data-dir: unknown key; the nearest known key is data_dir',
  ])
  t.same(refusal(t, 'certs:\n  files:\n    - cert: a\n      kye: b\n      key: c\n'), [
    'UR_CONFIG_UNKNOWN_KEY',
    'test.yml:4:7: certs.files[0].kye: unknown key; the nearest known key is certs.files[0].key',
  ])
})

t.test('a key of ngrok, frp or cloudflared: how it is written here', async (t) => {
  t.match(refusal(t, `${DEV}bindPort: 7000\n`)[1], /bindPort: unknown key; here: "listen\.tls" \(HOST:PORT\)/)
  t.match(refusal(t, `${DEV}auth: {token: x}\n`)[1], /here: tokens are not in the file/)
  t.match(refusal(t, `${DEV}subdomain_host: x\n`)[1], /here: "domain"/)
  const cases: [string, RegExp][] = [
    ['authtoken: x', /authtoken: unknown key; here: "token", at the top/],
    ['serverAddr: x', /here: "server" \(HOST:PORT\)/],
    ['region: eu', /there are no regions/],
    ['proxies: []', /here: "tunnels"/],
    ['tunnels: {a: {kind: tcp, addr: 22}}', /tunnels\.a\.addr: unknown key; here: "upstream"/],
    ['tunnels: {a: {proto: http, upstream: 22}}', /tunnels\.a\.proto: unknown key; here: "kind"/],
    ['tunnels: {a: {kind: http, upstream: 22, custom_domains: [x]}}', /here: the whole public name is "domain"/],
    ['tunnels: {a: {kind: http, upstream: 22, hostname: x}}', /here: the whole public name is "domain"/],
  ]
  for (const [text, message] of cases) {
    const file = fileOf(t, text)
    t.throws(() => loadAgentConfig({ file, env: {} }), { name: 'ConfigError', message }, text)
  }
})

t.test('every wrong value is told at once, in the order of the file, with what is allowed', async (t) => {
  t.same(
    refusal(t, `limits:\n  sessions: 0\n  hello_timeout: 5\nlog: { level: loud }\n${DEV}grace_period: 5 parsecs\n`),
    [
      'UR_CONFIG_VALUE',
      'test.yml:2:3: limits.sessions: 0 is not allowed; write a whole number from 1 to 1000000',
      'test.yml:3:3: limits.hello_timeout: 5 is not allowed; write a duration from 100ms to 5m, such as 30s or 5m',
      'test.yml:4:8: log.level: "loud" is not allowed; write debug, info, warn or error',
      'test.yml:6:1: grace_period: "5 parsecs" is not allowed; write a duration from 0ms to 1d, such as 30s or 5m',
    ],
  )
  t.same(refusal(t, `${DEV}listen: 443\n`), [
    'UR_CONFIG_VALUE',
    'test.yml:2:1: listen: 443 is not allowed; write keys and values',
  ])
  t.same(refusal(t, 'just a text\n'), [
    'UR_CONFIG_VALUE',
    'test.yml:1:1: "just a text" is not allowed; write keys and values',
  ])
  t.match(
    refusal(t, `${DEV}listen: { proxy_protocol: [10.0.0.0/8, 10.0.0.0/33] }\n`)[1],
    '"10.0.0.0/33" is not allowed',
  )
  t.match(refusal(t, `${DEV}listen: { tcp_ports: [20000-20010, 20005-20020] }\n`)[1], 'do not overlap')
  t.match(
    refusal(t, 'certs:\n  files:\n    - cert: a\n')[1],
    'test.yml:3:7: certs.files[0].key: is missing; write a path',
  )
})

t.test('keys are judged together', async (t) => {
  t.match(refusal(t, 'domain: example.com\n')[1], 'certs.files: is empty and certs.mode is files')
  t.match(refusal(t, `${DEV}limits: { session_window_budget: 1MiB }\n`)[1], 'smaller than limits.window_max')
  t.match(refusal(t, `${DEV}limits: { process_window_budget: 1MiB }\n`)[1], 'smaller than limits.session_window_budget')
})

t.test(
  'the address of the database: in the file, in another file, in the environment, and in no message',
  async (t) => {
    const address = 'postgres://u:hunter2@h/d'
    const storeOf = (text: string, env: Record<string, string> = {}) => {
      const { store } = loadServerConfig({ file: fileOf(t, `${DEV}${text}`), env }).config
      return store instanceof Secret ? store.reveal() : store
    }
    t.equal(storeOf(''), 'sqlite')
    t.equal(storeOf(`store: ${address}\n`), address)
    const other = join(t.testdir(), 'address')
    writeFileSync(other, `${address}\n`)
    const folder = dirname(other)
    const beside = (text: string, env = {}) => {
      writeFileSync(join(folder, 'test.yml'), `${DEV}${text}`)
      return () => loadServerConfig({ file: join(folder, 'test.yml'), env }).config.store
    }
    for (const [text, env] of [
      ['store: file:address\n'],
      [`store: file:${other}\n`],
      ['store: sqlite\n', { UNIROUTE_STORE: `file:${other}` }],
      ['', { UNIROUTE_STORE: address }],
    ] as const) {
      const store = beside(text, env)()
      t.equal((store as Secret).reveal(), address, text)
      t.notMatch(inspect(store), 'hunter2')
    }
    t.throws(beside('store: file:none\n'), { code: 'UR_CONFIG_MISSING', message: /none: there is no such file.*store/ })
    writeFileSync(other, 'hunter2')
    const wrong = {
      code: 'UR_CONFIG_VALUE',
      message: /^[^]*address, named by store: the value is not allowed; write sqlite/,
    }
    t.throws(beside('store: file:address\n'), wrong)
    t.throws(beside('', { UNIROUTE_STORE: 'hunter2' }), { message: /^UNIROUTE_STORE: the value is not allowed/ })
    t.throws(beside('store: hunter2\n'), { message: /test\.yml:2:1: store: the value is not allowed/ })
  },
)

t.test('features of later versions are known and refused, except at their default', async (t) => {
  for (const text of [`${DEV}redis: redis://:hunter2@h`, `${DEV}listen: { udp_ports: 30000-30010 }`]) {
    const [code, line] = refusal(t, text)
    t.equal(code, 'UR_CONFIG_UNAVAILABLE', text)
    t.match(line, 'is not available in this version')
    t.notMatch(line, 'hunter2')
  }
  t.doesNotThrow(() => server(t, `${DEV}store: sqlite\nlisten: { udp_ports: off }\n`))
})

t.test('text that is not YAML is refused with line and column', async (t) => {
  for (const text of [
    'a: [1, 2\nb: 3\n',
    'a: 1\na: 2\n',
    'a: *nobody\n',
    'a: !secret x\n',
    '- a\nb: c\n',
    'a: b: c\n',
  ]) {
    const [code, line] = refusal(t, text)
    t.equal(code, 'UR_CONFIG_SYNTAX', text)
    t.match(line, /^test\.yml(:\d+:\d+)?: not valid YAML: \S/)
  }
})

t.test('aliases that explode are refused', async (t) => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    )
  t.equal(refusal(t, lines.join('\n'))[0], 'UR_CONFIG_SYNTAX')
})

t.test('a file that is missing or unreadable is told apart', async (t) => {
  const folder = t.testdir()
  t.throws(() => loadServerConfig({ file: join(folder, 'none.yml'), env: {} }), {
    code: 'UR_CONFIG_MISSING',
    exitCode: 2,
  })
  t.throws(() => loadServerConfig({ file: folder, env: {} }), {
    code: 'UR_CONFIG_UNREADABLE',
    message: /it is a folder/,
  })
  const file = join(folder, 'x.yml')
  writeFileSync(file, DEV)
  chmodSync(file, 0)
  withoutRights(() => {
    t.throws(() => loadServerConfig({ file, env: {} }), { code: 'UR_CONFIG_UNREADABLE', message: /permission denied/ })
  })
})

t.test(
  'a user that has no home folder needs none',
  { skip: isRoot ? false : 'only root can be such a user' },
  async (t) => {
    const { HOME } = process.env
    delete process.env['HOME']
    t.teardown(() => (process.env['HOME'] = HOME))
    withoutRights(() => {
      t.throws(homedir, { code: 'ERR_SYSTEM_ERROR' }, 'the premise')
      t.match(loadAgentConfig({ env: {} }), { file: null })
    })
  },
)

t.test('overrides win over the file, are checked the same way, and are named in errors', async (t) => {
  const file = fileOf(t, `${DEV}log: { level: warn, format: json }\n`)
  const override = (value: unknown) =>
    loadServerConfig({ file, env: {}, overrides: [{ path: ['log', 'level'], value, origin: '--log-level' }] }).config
  t.same(override('debug').log, { level: 'debug', format: 'json' })
  t.throws(() => override('loud'), { message: /^--log-level: "loud" is not allowed/ })
})

t.test('the development configuration stays on loopback', async (t) => {
  const config = devServerConfig([{ path: ['listen', 'tls'], value: '127.0.0.1:0', origin: '--tls' }])
  t.same(config.listen.tls, { host: '127.0.0.1', port: 0 })
  for (const address of Object.values(config.listen).flat()) {
    if (typeof address === 'object' && address !== null && 'host' in address) t.equal(address.host, '127.0.0.1')
  }
  t.equal(config.certs.mode, 'dev')
})

t.test('plain values name their source', async (t) => {
  t.throws(() => serverConfigFrom({ limits: { sessions: -1 } }, 'built in'), {
    message: /^built in: limits\.sessions: -1/,
  })
})

t.test('the agent: flags win over the environment, the environment over the file', async (t) => {
  const file = fileOf(t, 'server: a.example.com\ntoken: unr_file\nca: ca.pem\nconnections: 3\n')
  const env = {
    UNIROUTE_CONFIG: file,
    UNIROUTE_TOKEN: 'unr_env',
    UNIROUTE_CA: 'env.pem',
    UNIROUTE_SERVER: 'b.example.com:8443',
  }

  const fromFile = loadAgentConfig({ file, env: {} }).config
  t.same(fromFile.server, { host: 'a.example.com', port: 443 })
  t.equal(fromFile.token?.reveal(), 'unr_file')
  t.equal(fromFile.ca, join(t.testdirName, 'ca.pem'))
  t.equal(fromFile.connections, 3)

  const { config } = loadAgentConfig({
    env,
    overrides: [{ path: ['server'], value: 'c.example.com', origin: '--server' }],
  })
  t.same(config.server, { host: 'c.example.com', port: 443 })
  const url = { path: ['server'], value: 'https://c.example.com', origin: '--server' }
  t.throws(() => loadAgentConfig({ env, overrides: [url] }), {
    message: /^--server: "https:\/\/c\.example\.com" is not/,
  })
  t.equal(config.token?.reveal(), 'unr_env')
  t.equal(config.ca, join(process.cwd(), 'env.pem'), 'a path of the environment is meant from the working folder')
})

t.test('the agent: the default file may be missing, a named one may not', async (t) => {
  const home = t.testdir()
  const none = loadAgentConfig({ env: { XDG_CONFIG_HOME: home } })
  t.equal(none.file, null)
  t.same([none.config.server, none.config.token, none.config.connections], [null, null, 'auto'])

  mkdirSync(join(home, 'uniroute'))
  writeFileSync(join(home, 'uniroute', 'uniroute.yml'), 'server: x.example.com\n')
  t.equal(loadAgentConfig({ env: { XDG_CONFIG_HOME: home } }).config.server?.host, 'x.example.com')

  t.throws(() => loadAgentConfig({ env: { UNIROUTE_CONFIG: join(home, 'no.yml') } }), { code: 'UR_CONFIG_MISSING' })
  t.throws(() => loadAgentConfig({ env: {}, file: join(home, 'no.yml') }), { code: 'UR_CONFIG_MISSING' })
})

t.test('the agent: tunnels', async (t) => {
  const agent = (text: string) => loadAgentConfig({ file: fileOf(t, text), env: {} }).config.tunnels
  t.match(
    agent(
      'tunnels:\n  db: { kind: tcp, upstream: 5432, remote_port: 20001, proxy_protocol: 2 }\n  web: { kind: tls, upstream: "h:8443", domain: a.example.com }\n',
    ),
    {
      db: {
        kind: 'tcp',
        upstream: { kind: 'tcp', host: 'localhost', port: 5432 },
        remote_port: 20_001,
        proxy_protocol: 2,
      },
      web: { kind: 'tls', upstream: { host: 'h', port: 8443 }, domain: 'a.example.com', remote_port: 0 },
    },
  )
  const fails = (text: string, message: RegExp, code = 'UR_CONFIG_VALUE') =>
    t.throws(() => agent(`tunnels:\n  a: ${text}\n`), { code, message })
  fails('{ kind: tcp }', /tunnels\.a\.upstream: is missing; write 5432/)
  fails('{ kind: ftp, upstream: 1 }', /tunnels\.a\.kind: "ftp" is not allowed; write tcp, tls or http$/)
  fails('{ kind: tcp, upstream: 1, domain: x.example.com }', /tunnels\.a\.domain: is for tunnels of kind http or tls/)
  t.match(agent('tunnels: { a: { kind: tls, upstream: 1, domain: "*.Example.com" } }'), {
    a: { domain: '*.example.com' },
  })
  fails('{ kind: tls, upstream: 1, domain: "a.*.com" }', /or \*\.example\.com for every name one label below/)
  fails('{ kind: tls, upstream: 1, remote_port: 9 }', /tunnels\.a\.remote_port: is for tunnels of kind tcp/)
  fails(
    '{ kind: tcp, upstream: 1, remote_port: 9 }\n  b: { kind: tcp, upstream: 2, remote_port: 9 }',
    /tunnels\.b\.remote_port: 9 is that of tunnel a too/,
  )
  fails('{ kind: tcp, upstream: 1, proxy_protocol: 3 }', /write 1 or 2/)
  fails('{ kind: udp, upstream: 53 }', /tunnels\.a\.kind: "udp" is not available/, 'UR_CONFIG_UNAVAILABLE')
  fails('{ kind: tcp, upstream: 1, subdomain: a }', /tunnels\.a\.subdomain: is for tunnels of kind http/)
  fails('{ kind: tcp, upstream: 1, scheme: both }', /tunnels\.a\.scheme: is for tunnels of kind http/)
  fails('{ kind: http, upstream: 1, sticky: cookie }', /tunnels\.a\.sticky: needs pool/)
  fails('{ kind: http, upstream: 1, weight: 2 }', /tunnels\.a\.weight: needs pool/)
  fails('{ kind: http, upstream: 1, subdomain: a, domain: b.example }', /tunnels\.a\.subdomain: and domain exclude/)
  fails('{ kind: http, upstream: 1, proxy_protocol: 1 }', /tunnels\.a\.proxy_protocol: is not for tunnels of kind http/)
  t.match(
    agent('tunnels:\n  a: { kind: http, upstream: 3000, domain: "*.example.com", path: /api, pool: round-robin }\n'),
    {
      a: { kind: 'http', domain: '*.example.com', path: '/api', pool: 'round-robin', weight: 1, sticky: 'off' },
    },
  )
  fails(
    '{ kind: tcp, upstream: 1, remote-port: 9 }',
    /the nearest known key is tunnels\.a\.remote_port/,
    'UR_CONFIG_UNKNOWN_KEY',
  )
  fails('{ kind: tcp, upstream: 1 }\n  "a b": { kind: tcp, upstream: 1 }', /tunnels\.a b: not a usable name/)
})

t.test('a token never stands in an error or a dump', async (t) => {
  const file = fileOf(t, 'token: "unr hunter2"\n')
  t.throws(() => loadAgentConfig({ file, env: {} }), {
    message: /:1:1: token: the value is not allowed; write a token/,
  })
  const { config } = loadAgentConfig({ env: { UNIROUTE_TOKEN: 'unr_hunter2', XDG_CONFIG_HOME: t.testdirName } })
  t.notMatch(inspect(config, { depth: null }) + JSON.stringify(config), 'hunter2')
})

t.test('a file with a token that others can read is warned about', async (t) => {
  const file = fileOf(t, 'token: unr_x\n')
  chmodSync(file, 0o644)
  t.match(loadAgentConfig({ file, env: {} }).warnings, [/chmod 600/])
  chmodSync(file, 0o600)
  t.same(loadAgentConfig({ file, env: {} }).warnings, [])
})
