import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { loadServerConfig } from '../../src/config/index.js'
import { ConfigError } from '../../src/core/errors.js'

type Keys = Readonly<Record<string, unknown>>

function load(t: Test, acme: Keys, top: Keys = {}) {
  const file = join(t.testdir(), 'test.yml')
  writeFileSync(file, stringify({ domain: 'tunnels.example.com', certs: { mode: 'acme', acme }, ...top }))
  return loadServerConfig({ file, env: {} }).config
}

/** What is said of a configuration, without the places in its file. */
function complaints(t: Test, acme: Keys, top: Keys = {}): string[] {
  try {
    load(t, acme, top)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n').map((line) => line.replace(/^\S*test\.yml:\d+:\d+: /, ''))
  }
}

t.test('a domain and the mode are all that is needed', async (t) => {
  const { acme, key_file } = load(t, {}).certs
  t.equal(acme.directory, 'https://acme-v02.api.letsencrypt.org/directory')
  t.equal(acme.challenge, 'auto')
  t.equal(acme.dns.provider, 'none')
  t.equal(key_file, null)
})

const dns = (provider: string, keys: Keys = {}, more: Keys = {}): Keys => ({ dns: { provider, ...keys, ...more } })
const TOKEN = { cloudflare: { token: 'hunter2' } }

const WRONG: readonly [string, Keys, Keys, RegExp][] = [
  ['a domain that is no name', {}, { domain: '192.0.2.1' }, /^domain: must be a name in public DNS/],
  ['a domain of this machine', {}, { domain: 'x.localhost' }, /^domain: must be a name in public DNS/],
  ['half of an account binding', { eab: { kid: 'a' } }, {}, /certs\.acme\.eab\.hmac_key: is missing/],
  [
    'of a fallback too',
    { fallbacks: [{ directory: 'https://ca.test/dir', eab: { hmac_key: 'aaaa' } }] },
    {},
    /fallbacks\[0\]\.eab\.kid: is missing/,
  ],
  ['dns-01 without a provider', { challenge: 'dns-01' }, {}, /dns\.provider: is none/],
  ['http-01 without the port', { challenge: 'http-01' }, { listen: { http: 'off' } }, /listen\.http: is off/],
  ['cloudflare without a token', dns('cloudflare'), {}, /cloudflare\.token: is missing/],
  ['rfc2136 without a server', dns('rfc2136'), {}, /rfc2136\.servers: is missing/],
  [
    'a TSIG key without a name',
    dns('rfc2136', { rfc2136: { servers: '192.0.2.1', key: 'aaaa' } }),
    {},
    /rfc2136\.key_name: is missing/,
  ],
  ['acme-dns without anything', dns('acme-dns'), {}, /acme_dns\.url: is missing/],
  ['exec without a hook', dns('exec'), {}, /exec\.hook: is missing/],
  [
    'addresses that a hook cannot set',
    dns('exec', { exec: { hook: '/bin/true' } }, { addresses: ['192.0.2.1'] }),
    {},
    /addresses: cannot be kept by the provider exec/,
  ],
  [
    'a host name beside an address',
    dns('cloudflare', TOKEN, { addresses: ['192.0.2.1', 'lb.example.net'] }),
    {},
    /addresses: holds a host name beside others/,
  ],
  ['an e-mail address that is none', { email: 'me' }, {}, /email: "me" is not allowed/],
]

for (const [what, acme, top, message] of WRONG) {
  t.test(`refused: ${what}`, async (t) => {
    const lines = complaints(t, acme, top)
    t.ok(
      lines.some((line) => message.test(line)),
      lines.join('\n'),
    )
  })
}

t.test('what is complete is taken, and its secrets are not shown', async (t) => {
  const config = load(t, dns('cloudflare', TOKEN, { addresses: ['192.0.2.1', '2001:db8::1'] }))
  t.equal(config.certs.acme.dns.cloudflare.token?.reveal(), 'hunter2')
  t.notMatch(JSON.stringify(config), 'hunter2')
})
