import t from 'tap'
import { loadAgentConfig } from '../../../src/config/index.js'
import { planFromFlags, plansFromConfig, upstreamText } from '../../../src/cli/uniroute/tunnel-plan.js'

function config(t: Tap, yaml: string) {
  const file = `${t.testdir({ 'uniroute.yml': yaml })}/uniroute.yml`
  return loadAgentConfig({ file, env: {} })
}
type Tap = { testdir(fixture: object): string }

const FILE = `
tunnels:
  web: { kind: tls, upstream: 8443, domain: web.example.com }
  db: { kind: tcp, upstream: db.internal:5432, remote_port: 20432, proxy_protocol: 2 }
`

t.test('names of tunnels from the command line', async (t) => {
  t.equal(planFromFlags('tcp', '5432', {}).name, 'tcp-5432')
  t.equal(planFromFlags('tls', 'web:8443', {}).name, 'tls-8443')
  t.equal(planFromFlags('tcp', 'unix:/run/db.sock', {}).name, 'tcp-db.sock')
  t.equal(planFromFlags('tcp', '5432', { name: 'mine' }).name, 'mine')
})

t.test('flags', async (t) => {
  const plan = planFromFlags('tcp', 'tls://db:5432', { remotePort: 20_001, proxyProtocol: 1, upstreamCa: '/ca.pem' })
  t.match(plan, { remotePort: 20_001, proxyProtocol: 1, upstreamCa: '/ca.pem', domain: null })
  t.equal(upstreamText(plan), 'tls://db:5432')
  t.throws(() => planFromFlags('tcp', '5432', { upstreamCa: '/ca.pem' }), { code: 'UR_USAGE' })
  t.throws(() => planFromFlags('tcp', 'nonsense', {}), { code: 'UR_UPSTREAM_SYNTAX' })
})

t.test('TLS that ends in the agent, from flags and from the file', async (t) => {
  t.equal(planFromFlags('http', '3000', {}).terminate, null)
  t.same(planFromFlags('http', '3000', { terminate: 'agent' }).terminate, {})
  const files = { cert: '/a.pem', key: '/a.key' }
  t.same(planFromFlags('tls', '5432', { crt: '/a.pem', key: '/a.key' }).terminate, { files }, 'files say it too')
  for (const flags of [
    { crt: '/a.pem' },
    { key: '/a.key' },
    { pool: true },
    { scheme: 'http' },
    { domain: '*.x.test' },
  ]) {
    const all = { terminate: 'agent', ...flags } as const
    t.throws(() => planFromFlags('http', '3000', all as object), { code: 'UR_USAGE' }, JSON.stringify(flags))
  }
  const { config: it, file } = config(
    t as Tap,
    `tunnels:
  web: { kind: http, upstream: 3000, terminate: agent }
  db: { kind: tls, upstream: 5432, subdomain: db, terminate: agent, crt: /a.pem, key: /a.key }`,
  )
  const [web, db] = plansFromConfig(it, file, [], true)
  t.match(
    [web, db],
    [
      { kind: 'http', terminate: {}, http: { path: undefined } },
      { kind: 'tls', subdomain: 'db', terminate: { files } },
    ],
  )
  t.equal(web?.http?.weight, undefined, 'what is for pools is not asked for')
  const wrong = [
    '{ kind: tcp, upstream: 1, terminate: agent }',
    '{ kind: http, upstream: 1, terminate: agent, pool: round-robin }',
    '{ kind: http, upstream: 1, terminate: agent, scheme: both }',
    '{ kind: http, upstream: 1, terminate: agent, crt: /a.pem }',
    '{ kind: http, upstream: 1, crt: /a.pem, key: /a.key }',
    '{ kind: tls, upstream: 1, terminate: agent, domain: "*.example.com" }',
  ]
  for (const each of wrong) {
    t.throws(() => config(t as Tap, `tunnels: { web: ${each} }`), { code: 'UR_CONFIG_VALUE' }, each)
  }
})

t.test('rules and header options, from the file and from flags', async (t) => {
  const { config: it, file } = config(
    t as Tap,
    'tunnels: { web: { kind: http, upstream: 3000, cidr_deny: 10.0.0.0/8, host_header: rewrite } }',
  )
  const fromFile = plansFromConfig(it, file, ['web'], false)[0]
  t.match(fromFile?.http?.options, { hostHeader: 'localhost:3000', rules: { cidrDeny: [{ prefix: 8 }], rate: null } })
  const flags = { cidrDeny: ['10.0.0.0/8'], hostHeader: 'rewrite', name: 'web' }
  t.same(planFromFlags('http', '3000', flags).http?.options, fromFile?.http?.options)
  t.throws(() => planFromFlags('http', '3000', { rate: 'fast' } as object), {
    code: 'UR_CONFIG_VALUE',
    message: /^--rate: /,
  })
})

t.test('tunnels of the file, by name or all', async (t) => {
  const { config: it, file } = config(t as Tap, FILE)
  t.match(plansFromConfig(it, file, ['db', 'db'], false), [
    { name: 'db', kind: 'tcp', remotePort: 20_432, proxyProtocol: 2, domain: null },
  ])
  t.strictSame(
    plansFromConfig(it, file, [], true).map(({ name }) => name),
    ['web', 'db'],
  )
})

t.test('what cannot be started, and why', async (t) => {
  const { config: it, file } = config(t as Tap, FILE)
  t.throws(() => plansFromConfig(it, file, ['dbb'], false), { code: 'UR_USAGE', message: /"dbb".*web, db/ })
  t.throws(() => plansFromConfig(it, file, ['constructor'], false), { code: 'UR_USAGE' })
  t.throws(() => plansFromConfig(it, file, [], false), { code: 'UR_USAGE', message: /--all/ })
  t.throws(() => plansFromConfig(it, file, ['db'], true), { code: 'UR_USAGE', message: /--all/ })
  const empty = config(t as Tap, '{}')
  t.throws(() => plansFromConfig(empty.config, empty.file, [], true), { code: 'UR_USAGE', message: /no tunnels/ })
})
