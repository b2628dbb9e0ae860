import { domainToASCII } from 'node:url'
import t from 'tap'
import { DOMAIN, gateOf, record } from './support.js'

/** What alice has. */
const HELD = [
  record('alice', 'subdomain', 'shop'),
  record('alice', 'subdomain', 'www'),
  record('alice', 'subdomain', domainToASCII('пример')),
  record('alice', 'domain', 'paypal.example.org'),
  record('alice', 'domain', 'below.some.example.net'),
  record('alice', 'domain', 'new.example.net', { verifiedAt: null }),
  record('alice', 'domain', 'lapsed.example.net', { verifiedAt: null, failingSince: new Date(0) }),
  record('alice', 'domain', 'failing.example.net', { failingSince: new Date(0) }),
  record('alice', 'port', '20001'),
]

interface Case {
  /** As a user writes it. */
  readonly name: string
  readonly account?: 'alice' | 'bob'
  /** Of the error; null: it may be bound. */
  readonly code: string | null
  readonly customDomains?: 'any'
}

const below = (name: string) => `${name}.${DOMAIN}`

const CASES: readonly Case[] = [
  // reserved subdomains, names under them, and beside them
  { name: below('shop'), account: 'alice', code: null },
  { name: below('a.b.shop'), account: 'alice', code: null },
  { name: `*.${below('shop')}`, account: 'alice', code: null },
  { name: below('shop'), code: 'UR_NAME_TAKEN' },
  { name: below('SHOP'), code: 'UR_NAME_TAKEN' },
  { name: below('a.b.shop'), code: 'UR_NAME_TAKEN' },
  { name: `*.${below('shop')}`, code: 'UR_NAME_TAKEN' },
  { name: below('shops'), code: null },
  { name: below('my-shop'), code: null },
  { name: below('shop.free'), code: null },
  // names that look alike
  { name: below('shоp'), code: 'UR_NAME_MIXED' },
  { name: below('ѕһор'), code: 'UR_NAME_TAKEN' },
  { name: below('ѕһор'), account: 'alice', code: null },
  { name: below('sh0p'), code: 'UR_NAME_TAKEN' },
  { name: below('x.sh0p'), code: 'UR_NAME_TAKEN' },
  { name: `*.${below('sh0p')}`, code: 'UR_NAME_TAKEN' },
  { name: below('пример'), code: 'UR_NAME_TAKEN' },
  { name: below('другой'), code: null },
  { name: below('xn--shop-'), code: 'UR_NAME_INVALID' },
  // labels that are kept back
  { name: below('admin'), code: 'UR_NAME_REFUSED' },
  { name: below('admin.x'), code: 'UR_NAME_REFUSED' },
  { name: below('x.admin'), code: 'UR_NAME_REFUSED' },
  { name: below('adrnin'), code: 'UR_NAME_REFUSED' },
  { name: below('ѡѡѡ'), code: 'UR_NAME_TAKEN' },
  { name: below('_acme-challenge'), code: 'UR_NAME_REFUSED' },
  { name: below('_acme-challenge.x'), code: 'UR_NAME_REFUSED' },
  { name: below('administration'), code: null },
  { name: below('www'), account: 'alice', code: null },
  { name: below('www'), code: 'UR_NAME_TAKEN' },
  { name: below('www.shop'), account: 'alice', code: null },
  // domains of their own
  { name: 'paypal.example.org', account: 'alice', code: null },
  { name: 'www.paypal.example.org', account: 'alice', code: null },
  { name: '*.paypal.example.org', account: 'alice', code: null },
  { name: 'paypal.example.org', code: 'UR_NAME_TAKEN' },
  { name: 'login.paypal.example.org', code: 'UR_NAME_TAKEN' },
  { name: 'paypa1.example.org', code: 'UR_NAME_TAKEN' },
  { name: 'раураӏ.example.org', code: 'UR_NAME_TAKEN', customDomains: 'any' },
  { name: 'x.paypal.exarnple.org', code: 'UR_NAME_TAKEN', customDomains: 'any' },
  { name: 'example.org', code: 'UR_DOMAIN_UNRESERVED' },
  { name: 'example.org', code: null, customDomains: 'any' },
  { name: '*.example.org', code: 'UR_NAME_TAKEN', customDomains: 'any' },
  { name: '*.some.example.net', code: 'UR_NAME_TAKEN', customDomains: 'any' },
  { name: '*.some.example.net', account: 'alice', code: null, customDomains: 'any' },
  { name: 'failing.example.net', account: 'alice', code: null },
  { name: 'failing.example.net', code: 'UR_NAME_TAKEN' },
  // those that nobody has proved
  { name: 'new.example.net', account: 'alice', code: 'UR_DOMAIN_UNPROVED' },
  { name: 'www.new.example.net', account: 'alice', code: 'UR_DOMAIN_UNPROVED' },
  { name: 'lapsed.example.net', account: 'alice', code: 'UR_DOMAIN_UNPROVED' },
  { name: 'new.example.net', code: 'UR_DOMAIN_UNRESERVED' },
  { name: 'lapsed.example.net', code: null, customDomains: 'any' },
]

t.test('who may have which name', async (t) => {
  for (const { name, account = 'bob', code, customDomains = 'reserved' } of CASES) {
    const { gate } = gateOf(HELD, { customDomains })
    const [, star = '', host = ''] = /^(\*\.)?(.*)$/.exec(name) ?? []
    const pattern = star + (host.includes('xn--') ? host : domainToASCII(host))
    const what = `${name} for ${account}, custom domains: ${customDomains}`
    if (code === null) t.doesNotThrow(() => gate.checkHost(pattern, account), what)
    else t.throws(() => gate.checkHost(pattern, account), { name: 'RefusedError', code }, what)
  }
})

t.test('others read only that a name is not free, and the same for whatever reason', async (t) => {
  const { gate } = gateOf(HELD)
  const texts = ['shop', 'x.shop', 'sh0p', 'www'].map((label) => {
    try {
      gate.checkHost(below(label), 'bob')
    } catch (error) {
      return (error as Error).message.replace(below(label), 'NAME')
    }
    return 'bound'
  })
  t.strictSame(
    [...new Set(texts)],
    ['The name NAME is not free, or looks too much like one that is not; choose another.'],
  )
})

t.test('ports', async (t) => {
  const { gate } = gateOf(HELD)
  t.doesNotThrow(() => gate.checkPort(20001, 'alice'))
  t.doesNotThrow(() => gate.checkPort(20002, 'bob'))
  t.throws(() => gate.checkPort(20001, 'bob'), { code: 'UR_PORT_TAKEN', message: /^((?!alice).)*$/ })
})

t.test('what changes counts at once: given up, given to another account, proved, lapsed', async (t) => {
  const { book, gate } = gateOf([])
  const may = (name: string, account: string): boolean => {
    try {
      gate.checkHost(name, account)
      return true
    } catch {
      return false
    }
  }
  const shop = record('alice', 'subdomain', 'shop')
  book.set(shop)
  t.equal(may(below('shop'), 'bob'), false)
  book.delete(shop.id)
  t.equal(may(below('sh0p'), 'bob'), true, 'nothing is left of it')
  book.set(record('bob', 'subdomain', 'shop'))
  t.equal(may(below('shop'), 'alice'), false)

  const domain = record('alice', 'domain', 'db.example.org', { verifiedAt: null })
  book.set(domain)
  t.equal(may('db.example.org', 'alice'), false)
  book.set({ ...domain, verifiedAt: new Date() })
  t.equal(may('db.example.org', 'alice'), true)
  const taken = record('bob', 'domain', 'db.example.org')
  book.set(taken)
  book.delete(domain.id)
  t.equal(may('db.example.org', 'bob'), true, 'the end of the one before takes nothing from the one after')
  t.equal(book.size, 2)
})

t.test('an answer takes microseconds, with 20 000 reservations', async (t) => {
  const records = Array.from({ length: 20_000 }, (_, i) => record(`acc${i % 100}`, 'subdomain', `name-${i}`))
  const { gate } = gateOf(records)
  const hosts = ['free', 'name-77', 'a.b.c.d.name-9', domainToASCII('пример')].map(below)
  const ask = (): void => {
    for (const host of hosts) {
      try {
        gate.checkHost(host, 'acc77')
      } catch {
        continue
      }
    }
  }
  for (let i = 0; i < 2000; i++) ask()
  const startedAt = performance.now()
  for (let i = 0; i < 2000; i++) ask()
  const us = ((performance.now() - startedAt) * 1000) / (2000 * hosts.length)
  t.comment(`${us.toFixed(2)} µs an answer`)
  t.ok(us < 200, `${us} µs`)
})
