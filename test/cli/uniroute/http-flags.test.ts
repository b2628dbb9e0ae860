import t from 'tap'
import { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { addHttpOptions } from '../../../src/cli/uniroute/http-flags.js'
import { httpOptionsFromFlags } from '../../../src/cli/uniroute/http-options.js'
import { readUpstream } from '../../../src/config/index.js'

function parsed(...argv: string[]) {
  const command = addHttpOptions(new Command('http').exitOverride().configureOutput({ writeErr: () => undefined }))
  command.option('--name <name>', 'a flag of another kind')
  command.parse(argv, { from: 'user' })
  return httpOptionsFromFlags(command.opts(), readUpstream('3000'))
}

t.test('flags as people who know ngrok write them', async (t) => {
  const { hostHeader, requestHeaders, responseHeaders, rules } = parsed(
    ...['--host-header=rewrite', '--request-header-add', 'X-Team: shop', '--request-header-add=X-Two: 2'],
    ...[
      '--request-header-remove',
      'Referer',
      '--response-header-add',
      'X-Frame-Options: DENY',
      '--response-header-remove=Server',
    ],
    ...[
      '--basic-auth',
      'ann:correct, horse',
      '--basic-auth',
      'bob:correct horse',
      '--cidr-allow',
      '10.0.0.0/8, 192.0.2.1',
    ],
    ...['--cidr-allow', '2001:db8::/32', '--cidr-deny', '10.6.6.6', '--max-body', '10MB', '--rate', '100/s'],
    ...['--rate-per-visitor', '10/s', '--circuit-breaker', '0.5', '--verify-webhook', 'stripe'],
    ...['--verify-webhook-secret', 'whsec_hush', '--name', 'shop'],
  )
  t.equal(hostHeader, 'localhost:3000')
  t.same(requestHeaders, { add: ['X-Team', 'shop', 'X-Two', '2'], remove: ['Referer'] })
  t.same(responseHeaders, { add: ['X-Frame-Options', 'DENY'], remove: ['Server'] })
  t.same(
    rules.basicAuth.map(({ user, password }) => `${user}:${password.reveal()}`),
    ['ann:correct, horse', 'bob:correct horse'],
  )
  t.same(
    rules.cidrAllow.map(({ address }) => address),
    ['10.0.0.0', '192.0.2.1', '2001:db8::'],
  )
  t.same(
    rules.cidrDeny.map(({ address }) => address),
    ['10.6.6.6'],
  )
  t.equal(rules.maxBody, 10_000_000)
  t.match(rules.rate, { burst: 100 })
  t.match(rules.ratePerVisitor, { burst: 10 })
  t.equal(rules.circuitBreaker, 0.5)
  t.match(rules.webhook, { provider: 'stripe' })
  t.equal(rules.webhook?.secret.reveal(), 'whsec_hush')
})

t.test('no flags, no rules', async (t) => {
  const { hostHeader, rules } = parsed()
  t.equal(hostHeader, null)
  t.same(rules.basicAuth, [])
  t.equal(rules.rate, null)
})

t.test('what is wrong is refused with the flag’s name, before anything is connected', async (t) => {
  t.throws(() => parsed('--rate', 'fast'), { code: 'UR_CONFIG_VALUE', exitCode: 2, message: /^--rate: / })
  t.throws(() => parsed('--request-header-add', 'Connection: close'), { message: /^--request-header-add: / })
  t.throws(() => parsed('--cidr-allow', '10.0.0.0/8,'), { message: /^--cidr-allow: / })
  t.throws(() => parsed('--verify-webhook', 'stripe'), { message: /verify_webhook_secret/ })
  t.throws(() => parsed('--basic-auth', 'ann'), { message: /^--basic-auth: .*user:password/ })
  t.throws(() => parsed('--rate'), { code: 'commander.optionMissingArgument' })
})

t.test('every flag stands in docs/http-rules.md', async (t) => {
  const page = readFileSync('docs/http-rules.md', 'utf8')
  const options = addHttpOptions(new Command()).options.map(({ long }) => long!)
  t.equal(options.length, 15)
  for (const option of options) t.ok(page.includes(`${option} `) || page.includes(`${option}\``), option)
})
