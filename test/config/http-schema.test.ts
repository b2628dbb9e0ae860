import t, { type Test } from 'tap'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  httpKeysFrom,
  httpOptionsOf,
  loadAgentConfig,
  readUpstream,
  redactAgent,
  type Override,
} from '../../src/config/index.js'
import { ConfigError } from '../../src/core/errors.js'

const flag = (key: string, value: unknown): Override => ({
  path: [key],
  value,
  origin: `--${key.replaceAll('_', '-')}`,
})
const optionsOf = (keys: Record<string, unknown>, upstream = '3000') =>
  httpOptionsOf(httpKeysFrom(Object.entries(keys).map(([key, value]) => flag(key, value))), readUpstream(upstream))

/** What is wrong with a file, a line each; empty when it is good. */
function problems(t: Test, text: string): string[] {
  const file = join(t.testdir(), 'uniroute.yml')
  writeFileSync(file, text)
  try {
    loadAgentConfig({ file, env: {} })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.replaceAll(file, 'test.yml').split('\n')
  }
}

t.test('without keys there are no rules', async (t) => {
  t.same(optionsOf({}), {
    hostHeader: null,
    requestHeaders: { add: [], remove: [] },
    responseHeaders: { add: [], remove: [] },
    rules: {
      basicAuth: [],
      cidrAllow: [],
      cidrDeny: [],
      maxBody: null,
      rate: null,
      ratePerVisitor: null,
      circuitBreaker: null,
      webhook: null,
      mutualTlsCa: [],
    },
  })
})

t.test('every key has its effect', async (t) => {
  const { hostHeader, requestHeaders, responseHeaders, rules } = optionsOf({
    host_header: 'app.internal:8080',
    request_header_add: ['X-Team: shop', 'X-Team: two'],
    request_header_remove: 'Referer',
    response_header_add: 'X-Frame-Options: DENY',
    response_header_remove: ['Server', 'X-Powered-By'],
    basic_auth: ['ann:correct horse', 'bob:correct horse'],
    cidr_allow: ['198.51.100.0/24', '2001:db8::1'],
    cidr_deny: '198.51.100.66',
    max_body: '10MiB',
    rate: '100/s',
    rate_per_visitor: '600/m',
    circuit_breaker: 0.5,
    verify_webhook: 'hmac:X-Sum',
    verify_webhook_secret: 'hush',
  })
  t.equal(hostHeader, 'app.internal:8080')
  t.same(requestHeaders, { add: ['X-Team', 'shop', 'X-Team', 'two'], remove: ['Referer'] })
  t.same(responseHeaders, { add: ['X-Frame-Options', 'DENY'], remove: ['Server', 'X-Powered-By'] })
  t.same(
    rules.basicAuth.map(({ user, password }) => [user, password.reveal()]),
    [
      ['ann', 'correct horse'],
      ['bob', 'correct horse'],
    ],
  )
  t.same(rules.cidrAllow, [
    { address: '198.51.100.0', prefix: 24 },
    { address: '2001:db8::1', prefix: 128 },
  ])
  t.same(rules.cidrDeny, [{ address: '198.51.100.66', prefix: 32 }])
  t.equal(rules.maxBody, 10 * 1024 * 1024)
  t.same(rules.rate, { burst: 100, perSecond: 100 })
  t.same(rules.ratePerVisitor, { burst: 600, perSecond: 10 })
  t.equal(rules.circuitBreaker, 0.5)
  t.match(rules.webhook, { provider: 'hmac', header: 'x-sum' })
  t.equal(rules.webhook?.secret.reveal(), 'hush')
})

t.test('rewrite is the upstream’s own name, as a client beside it would write it', async (t) => {
  const rewritten = (upstream: string) => optionsOf({ host_header: 'rewrite' }, upstream).hostHeader
  t.equal(rewritten('3000'), 'localhost:3000')
  t.equal(rewritten('app.internal:80'), 'app.internal')
  t.equal(rewritten('http://app.internal'), 'app.internal')
  t.equal(rewritten('https://app.internal'), 'app.internal')
  t.equal(rewritten('https://app.internal:80'), 'app.internal:80')
  t.equal(rewritten('[::1]:3000'), '[::1]:3000')
  t.equal(rewritten('unix:/run/app.sock'), 'localhost')
  t.equal(optionsOf({ host_header: 'preserve' }).hostHeader, null)
  t.equal(optionsOf({ host_header: '[::1]:80' }).hostHeader, '[::1]:80')
})

t.test('what is wrong is named, with the flag and what may be written', async (t) => {
  const CASES: readonly (readonly [string, unknown, RegExp])[] = [
    ['host_header', 'a b', /preserve, rewrite, or a host/],
    ['host_header', 'a\r\nX-Evil: 1', /preserve, rewrite, or a host/],
    ['host_header', 'example.com/path', /preserve, rewrite, or a host/],
    ['request_header_add', 'X-Team', /a field such as "X-Team: shop"/],
    ['request_header_add', 'X-Team: a\r\nX-Evil: 1', /without CR, LF and NUL/],
    ['request_header_add', ['X-Team: shop', 'Connection: close'], /"Connection: close" is not allowed/],
    ['request_header_add', 'Host: evil', /such as Connection, Host or Content-Length/],
    ['request_header_add', `X-Long: ${'a'.repeat(9000)}`, /is not allowed/],
    ['request_header_add', Array(65).fill('X-A: b'), /is not allowed/],
    ['request_header_remove', 'Transfer-Encoding', /the name of a field/],
    ['request_header_remove', ['a'.repeat(5000)], /is not allowed/],
    ['response_header_add', 'Content-Length: 3', /a field such as/],
    ['response_header_remove', 'X Y', /the name of a field/],
    ['cidr_allow', '10.0.0.0/33', /a list of networks/],
    ['cidr_deny', ['10.0.0.0/8', 'everybody'], /"everybody" is not allowed/],
    ['cidr_deny', Array.from({ length: 257 }, (_, i) => `10.0.${i & 255}.0`), /more than 256 networks/],
    ['max_body', '10 apples', /a size from 0B to 1024GiB/],
    ['rate', '100', /a rate such as 100\/s/],
    ['rate_per_visitor', '0/s', /a rate such as 100\/s/],
    ['circuit_breaker', '0', /a share above 0/],
    ['circuit_breaker', 1.5, /a share above 0/],
    ['circuit_breaker', '50%', /a share above 0/],
    ['verify_webhook', 'paypal', /stripe, github, slack, shopify, twilio, or hmac:FIELD/],
  ]
  for (const [key, value, message] of CASES) {
    const name = `${key}: ${JSON.stringify(value).slice(0, 40)}`
    t.throws(() => optionsOf({ [key]: value }), { code: 'UR_CONFIG_VALUE', exitCode: 2, message }, name)
    t.throws(() => optionsOf({ [key]: value }), { message: new RegExp(`^--${key.replaceAll('_', '-')}: `) }, name)
  }
})

t.test(
  'a field by which the server tells of the visitor is replaced or left alone, in no spelling doubled',
  async (t) => {
    for (const name of ['X-Forwarded-For', 'x_forwarded_proto', 'Forwarded']) {
      const add = { request_header_add: `${name}: x` }
      t.throws(() => optionsOf(add), { code: 'UR_CONFIG_VALUE', message: /request_header_remove/ }, name)
      t.throws(() => optionsOf({ ...add, request_header_remove: 'X-Other' }), { code: 'UR_CONFIG_VALUE' })
      t.doesNotThrow(() => optionsOf({ ...add, request_header_remove: name.toUpperCase().replaceAll('_', '-') }))
    }
    t.doesNotThrow(() => optionsOf({ request_header_add: 'X-Forwarded-Prefix: /api' }))
    t.doesNotThrow(() => optionsOf({ request_header_remove: 'X-Forwarded-For', response_header_add: 'Forwarded: x' }))
  },
)

t.test('secrets are not in the message', async (t) => {
  for (const [key, value] of [
    ['basic_auth', 'ann:short'],
    ['basic_auth', ['ann:correct horse', 'ann:correct donkey']],
    ['basic_auth', Array.from({ length: 33 }, (_, i) => `user${i}:correct horse`)],
    ['verify_webhook_secret', 'hush hush'],
  ] as const) {
    t.throws(() => optionsOf({ verify_webhook: 'stripe', [key]: value }), { code: 'UR_CONFIG_VALUE' }, key)
    try {
      optionsOf({ [key]: value })
    } catch (error) {
      t.notMatch((error as Error).message, /ann|short|correct|horse|hush/)
    }
  }
})

t.test('all that is wrong is named at once', async (t) => {
  try {
    optionsOf({ rate: 'x', max_body: 'y' })
    t.fail('was accepted')
  } catch (error) {
    t.match((error as Error).message, /--max-body: [^]*\n--rate: |--rate: [^]*\n--max-body: /)
  }
})

t.test('provider and secret go together', async (t) => {
  t.throws(() => optionsOf({ verify_webhook: 'stripe' }), {
    message: /^--verify-webhook: .*needs verify_webhook_secret/,
  })
  t.throws(() => optionsOf({ verify_webhook_secret: 'hush' }), {
    message: /^--verify-webhook-secret: .*needs verify_webhook /,
  })
})

const FILE = `
tunnels:
  shop:
    kind: http
    upstream: 3000
    host_header: rewrite
    request_header_add: ["X-Team: shop"]
    basic_auth: ann:correct horse
    cidr_allow: [198.51.100.0/24]
    rate: 100/s
    circuit_breaker: 0.5
    verify_webhook: stripe
    verify_webhook_secret: whsec_hush
`

t.test('the same keys stand in the file of the agent', async (t) => {
  t.same(problems(t, FILE), [])
})

t.test('but not with tunnels of another kind', async (t) => {
  const lines = problems(t, FILE.replace('kind: http', 'kind: tcp'))
  const keys = [
    'host_header',
    'request_header_add',
    'basic_auth',
    'cidr_allow',
    'rate',
    'circuit_breaker',
    'verify_webhook',
    'verify_webhook_secret',
  ]
  t.same(
    lines.map((line) => line.replace(/^test\.yml:\d+:\d+: /, '')),
    keys.map((key) => `tunnels.shop.${key}: is for tunnels of kind http`),
  )
  t.same(
    problems(t, 'tunnels: {db: {kind: tcp, upstream: 5432, host_header: preserve, cidr_allow: []}}'),
    [],
    'defaults are',
  )
})

t.test('a mistake in the file is named with its place', async (t) => {
  t.match(
    problems(t, FILE.replace('100/s', '100'))[0],
    /^test\.yml:10:5: tunnels\.shop\.rate: 100 is not allowed; write a rate/,
  )
})

/** A file of a tunnel with these keys, loaded; `http` tunnels may not be in this version, so the kind is left to the test. */
function loaded(t: Test, text: string, mode: number) {
  const file = join(t.testdir(), 'uniroute.yml')
  writeFileSync(file, text)
  chmodSync(file, mode)
  return loadAgentConfig({ file, env: {} })
}

t.test('secrets are hidden when a configuration is shown', async (t) => {
  const { config } = loaded(t, 'tunnels: {db: {kind: tcp, upstream: 5432}}', 0o600)
  const keys = httpKeysFrom([
    flag('basic_auth', 'ann:correct horse'),
    flag('verify_webhook', 'stripe'),
    flag('verify_webhook_secret', 'whsec_hush'),
  ])
  const shown = redactAgent({ ...config, tunnels: { shop: { ...config.tunnels['db']!, ...keys } } })
  t.notMatch(inspect(shown, { depth: 9 }) + JSON.stringify(shown), /correct|horse|hush/)
  t.match(shown, {
    tunnels: { shop: { basic_auth: [{ user: 'ann', password: '***' }], verify_webhook_secret: '***' } },
  })
})

t.test('a file with a password that others can read is warned about', async (t) => {
  const text = 'tunnels: {db: {kind: tcp, upstream: 5432, basic_auth: }}'
  t.match(loaded(t, text, 0o644).warnings, [/holds a password or secret and others can read it; run: chmod 600 /])
  t.same(loaded(t, text, 0o600).warnings, [])
  t.same(loaded(t, 'tunnels: {db: {kind: tcp, upstream: 5432}}', 0o644).warnings, [])
  t.same(loaded(t, 'tunnels:\n', 0o644).warnings, [])
})
