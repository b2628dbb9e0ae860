import { isIP } from 'node:net'
import type { ServerConfig } from './server-schema.js'
import type { Problem } from './validate.js'
import type { KeyPath } from './walk.js'

type Certs = ServerConfig['certs']
type Dns = Certs['acme']['dns']

const problem = (path: KeyPath, message: string): Problem => ({ code: 'UR_CONFIG_VALUE', path, message })

/** What the keys of `certs` must fulfil together. */
export function* checkCerts({ certs, domain, listen }: ServerConfig): Generator<Problem> {
  if (certs.mode === 'files' && certs.files.length === 0) {
    yield problem(
      ['certs', 'files'],
      'is empty and certs.mode is files; name at least one cert and key, or write mode: acme, or mode: dev',
    )
  }
  if (certs.mode !== 'acme') return
  const { acme } = certs
  if (isIP(domain) !== 0 || !domain.includes('.') || domain.endsWith('.localhost')) {
    yield problem(['domain'], 'must be a name in public DNS: authorities issue for no other; or write certs.mode: dev')
  }
  yield* checkEab(acme.eab, ['certs', 'acme', 'eab'])
  for (const [i, { eab }] of acme.fallbacks.entries()) {
    yield* checkEab(eab, ['certs', 'acme', 'fallbacks', i, 'eab'])
  }
  if (acme.challenge === 'dns-01' && acme.dns.provider === 'none') {
    yield problem(['certs', 'acme', 'dns', 'provider'], 'is none, and certs.acme.challenge is dns-01; name one')
  }
  if (acme.challenge === 'http-01' && listen.http === null) {
    yield problem(['listen', 'http'], 'is off, and certs.acme.challenge is http-01; write 80')
  }
  yield* checkDns(acme.dns)
}

/** What the keys of an authority must fulfil together. */
export function* checkEab({ kid, hmac_key: key }: Certs['acme']['eab'], path: KeyPath): Generator<Problem> {
  if ((kid === null) === (key === null)) return
  yield problem([...path, kid === null ? 'kid' : 'hmac_key'], 'is missing; kid and hmac_key belong together')
}

/** Keys without which a provider does nothing. */
const NEEDED: Readonly<Record<Dns['provider'], (dns: Dns) => readonly (readonly [KeyPath, unknown])[]>> = {
  none: () => [],
  cloudflare: ({ cloudflare }) => [[['cloudflare', 'token'], cloudflare.token]],
  rfc2136: ({ rfc2136 }) => [
    [['rfc2136', 'servers'], rfc2136.servers.length === 0 ? null : rfc2136.servers],
    ...(rfc2136.key === null ? [] : [[['rfc2136', 'key_name'], rfc2136.key_name] as const]),
    ...(rfc2136.key_name === null ? [] : [[['rfc2136', 'key'], rfc2136.key] as const]),
  ],
  'acme-dns': ({ acme_dns: keys }) =>
    (['url', 'subdomain', 'username', 'password', 'fulldomain'] as const).map((key) => [['acme_dns', key], keys[key]]),
  exec: ({ exec }) => [[['exec', 'hook'], exec.hook]],
}

function* checkDns(dns: Dns): Generator<Problem> {
  const path: KeyPath = ['certs', 'acme', 'dns']
  for (const [key, value] of NEEDED[dns.provider](dns)) {
    if (value === null) yield problem([...path, ...key], `is missing, and the provider is ${dns.provider}`)
  }
  const { addresses, provider } = dns
  if (addresses.length === 0) return
  if (provider !== 'cloudflare' && provider !== 'rfc2136') {
    yield problem([...path, 'addresses'], `cannot be kept by the provider ${provider}; leave it out`)
  }
  if (addresses.length > 1 && addresses.some((address) => isIP(address) === 0)) {
    yield problem([...path, 'addresses'], 'holds a host name beside others; write IP addresses, or one host name')
  }
}
