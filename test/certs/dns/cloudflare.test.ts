import t, { type Test } from 'tap'
import { CloudflareProvider } from '../../../src/certs/dns/cloudflare.js'
import type { AddressRecord } from '../../../src/certs/dns/provider.js'
import { FakeCloudflare, type StoredZone } from '../../support/cloudflare.js'
import { freePort } from '../../support/places.js'

const NAME = '_acme-challenge.tunnels.example.com'
const signal = new AbortController().signal

/** A test whose every request has to keep to the published schema. */
function cloudflareTest(name: string, body: (t: Test, server: Awaited<ReturnType<typeof start>>) => Promise<void>) {
  t.test(name, async (t) => {
    const server = await start(t)
    await body(t, server)
    t.same(server.fake.violations, [])
  })
}

async function start(t: Test) {
  const fake = await FakeCloudflare.start(t)
  const provider = (token = fake.token, given: { timeoutMs?: number; tries?: number; baseUrl?: string } = {}) =>
    new CloudflareProvider({ token, baseUrl: fake.baseUrl, timeoutMs: 5000, tries: 3, ...given })
  return { fake, provider }
}

function contents({ records }: StoredZone): string[] {
  return records.map(({ name, type, content }) => `${name} ${type} ${content}`).sort()
}

cloudflareTest('records of proofs', async (t, { fake, provider }) => {
  const others = fake.addZone('com.example')
  const parent = fake.addZone('example.com')
  const zone = fake.addZone('tunnels.example.com')
  const dns = provider()
  await dns.addTxt(NAME, 'one', signal)
  await dns.addTxt(NAME, 'two', signal)
  await dns.addTxt(NAME, 'one', signal)
  t.same(contents(zone), [`${NAME} TXT "one"`, `${NAME} TXT "two"`], 'both, in the zone with the longest name')
  await dns.removeTxt(NAME, 'one', signal)
  await dns.removeTxt(NAME, 'one', signal)
  t.same(contents(zone), [`${NAME} TXT "two"`])
  t.same([contents(parent), contents(others)], [[], []])
  t.equal(fake.requests.filter((line) => line.includes('/zones?')).length, 2, 'the zone is looked for once')
  await dns.addTxt('_acme-challenge.other.example.com', 'three', signal)
  t.same(contents(parent), ['_acme-challenge.other.example.com TXT "three"'])
})

cloudflareTest('values as the API has them: with quotes, without, in pieces', async (t, { fake, provider }) => {
  const txt = (content: string) => ({ type: 'TXT', name: NAME, content, ttl: 1 }) as const
  const zone = fake.addZone('example.com', [txt('plain'), txt('"quoted"'), txt('"in " "pieces"'), txt('"a\\"b"')])
  for (const value of ['plain', 'quoted', 'in pieces', 'a"b']) await provider().removeTxt(NAME, value, signal)
  t.same(contents(zone), [])
})

cloudflareTest('lists of several pages', async (t, { fake, provider }) => {
  fake.pageSize = 2
  const records = Array.from(
    { length: 5 },
    (_, i) => ({ type: 'TXT', name: NAME, content: `"v${i}"`, ttl: 60 }) as const,
  )
  const zone = fake.addZone('example.com', records)
  await provider().removeTxt(NAME, 'v4', signal)
  t.equal(zone.records.length, 4)
  t.same(
    fake.requests.filter((line) => line.includes('dns_records?')).map((line) => /[?&]page=(\d+)/.exec(line)?.[1]),
    ['1', '2', '3'],
  )
})

cloudflareTest('addresses', async (t, { fake, provider }) => {
  const zone = fake.addZone('example.com', [
    { type: 'A', name: 'tunnels.example.com', content: '192.0.2.1', ttl: 300, proxied: true },
    { type: 'A', name: 'tunnels.example.com', content: '192.0.2.2', ttl: 300 },
    { type: 'TXT', name: 'tunnels.example.com', content: '"kept"', ttl: 300 },
    { type: 'A', name: 'a.tunnels.example.com', content: '192.0.2.3', ttl: 300 },
  ])
  const replace = (name: string, ...records: AddressRecord[]) => provider().records.replace(name, records, signal)
  const a = (value: string) => ({ type: 'A', value }) as const

  t.same(await replace('tunnels.example.com', a('192.0.2.2'), a('192.0.2.1')), [])
  t.notOk(
    fake.requests.some((line) => !line.startsWith('GET')),
    'nothing is written when they are there',
  )
  t.same(await replace('tunnels.example.com', a('192.0.2.1'), { type: 'AAAA', value: '2001:DB8::0:1' }), [
    'removed tunnels.example.com A 192.0.2.2',
    'added tunnels.example.com AAAA 2001:db8::1',
  ])
  t.ok(zone.records.some((record) => record.type === 'A' && record.content === '192.0.2.1' && record.proxied === true))
  t.same(await replace('tunnels.example.com', a('192.0.2.1'), { type: 'AAAA', value: '2001:db8::1' }), [])
  await replace('*.tunnels.example.com', { type: 'CNAME', value: 'tunnels.example.com.' })
  await replace('*.tunnels.example.com', a('192.0.2.9'))
  t.same(contents(zone), [
    '*.tunnels.example.com A 192.0.2.9',
    'a.tunnels.example.com A 192.0.2.3',
    'tunnels.example.com A 192.0.2.1',
    'tunnels.example.com AAAA 2001:db8::1',
    'tunnels.example.com TXT "kept"',
  ])
  await t.rejects(replace('tunnels.example.com', { type: 'CNAME', value: 'x.example' }), {
    code: 'UR_DNS_CONFLICT',
    message: /An A, AAAA, or CNAME record with that host already exists\. \(81053\)/,
  })
  t.equal(contents(zone).length, 5, 'nothing of a batch that failed was done')
})

cloudflareTest('what Cloudflare says no to', async (t, { fake, provider }) => {
  fake.addZone('example.com')
  const wrong = 'x'.repeat(40)
  await t.rejects(provider(wrong).addTxt(NAME, 'v', signal), {
    code: 'UR_DNS_REFUSED',
    message: /Cloudflare refused GET \/zones with HTTP status 403: Authentication error \(10000\); the token needs/,
  })
  await t.rejects(provider('short').addTxt(NAME, 'v', signal), {
    code: 'UR_DNS_FAILED',
    message: /^(?!.*short).*Invalid request headers \(6003\)$/,
  })
  await t.rejects(provider().addTxt('_acme-challenge.example.org', 'v', signal), {
    code: 'UR_DNS_ZONE',
    message: /Cloudflare has no zone for _acme-challenge\.example\.org that the token may see/,
  })
  t.throws(() => provider(''), { code: 'UR_DNS_OPTION' })
  t.throws(() => provider('new\nline'), { code: 'UR_DNS_OPTION', message: /^(?!.*line)/ })
  t.throws(() => provider(fake.token, { baseUrl: 'ftp://x' }), { code: 'UR_DNS_OPTION' })
})

cloudflareTest('a zone that was made anew has another id', async (t, { fake, provider }) => {
  fake.addZone('example.com')
  const dns = provider()
  await dns.addTxt(NAME, 'v', signal)
  fake.zones.length = 0
  const anew = fake.addZone('example.com')
  await t.rejects(dns.addTxt(NAME, 'v', signal), { code: 'UR_DNS_FAILED', message: /7003/ })
  await dns.addTxt(NAME, 'v', signal)
  t.equal(anew.records.length, 1)
})

cloudflareTest('what is tried again, and what is not', async (t, { fake, provider }) => {
  const zone = fake.addZone('example.com')
  const dns = provider()
  await dns.addTxt(NAME, 'first', signal)
  const soon = { 'retry-after': '0' }
  fake.instead.push({ status: 429, headers: soon, body: '{}' }, { status: 503, headers: soon, body: 'down' })
  await dns.addTxt(NAME, 'second', signal)
  t.equal(zone.records.length, 2)
  fake.instead.push(null, null)
  await dns.addTxt(NAME, 'third', signal)
  t.equal(zone.records.length, 3, 'after connections that were cut')

  const failing = (...instead: FakeCloudflare['instead']) => {
    fake.instead.push(...instead)
    return dns.addTxt(NAME, 'never', signal)
  }
  const down = { status: 502, headers: soon, body: '<html>\u001b[31m bad gateway' }
  await t.rejects(failing(down, down, down), { code: 'UR_DNS_FAILED', message: /HTTP status 502$/ })
  const long = { status: 429, headers: { 'retry-after': '3600' }, body: '{}' }
  await t.rejects(failing(long), { code: 'UR_DNS_RATE', message: /it can be tried again in 3600 s/ })
  await t.rejects(failing({ status: 200, body: 'hello' }), { code: 'UR_DNS_ANSWER', message: /no JSON of its API/ })
  await t.rejects(failing({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }), {
    code: 'UR_DNS_ANSWER',
  })
  const endless = { status: 200, body: 'x'.repeat(5 * 1024 * 1024) }
  await t.rejects(failing(endless), { code: 'UR_DNS_ANSWER', message: /more than 4194304 bytes/ })
  const noList = { status: 200, body: '{"success":true,"errors":[],"result":[{"id":"../../x","name":"example.com"}]}' }
  await t.rejects(failing(noList), { code: 'UR_DNS_ANSWER', message: /something else than a list/ })
  t.equal(zone.records.length, 3)
})

cloudflareTest('nobody there, nobody answers, and being stopped', async (t, { fake, provider }) => {
  const port = await freePort()
  const gone = provider(fake.token, { tries: 1, baseUrl: `http://127.0.0.1:${port}` })
  await t.rejects(gone.addTxt(NAME, 'v', signal), {
    code: 'UR_DNS_UNREACHABLE',
    message: `Cloudflare could not be reached (ECONNREFUSED) at 127.0.0.1:${port}`,
  })
  fake.instead.push('silence')
  await t.rejects(provider(fake.token, { tries: 1, timeoutMs: 200 }).addTxt(NAME, 'v', signal), {
    code: 'UR_DNS_UNREACHABLE',
    message: /did not answer within 200 ms/,
  })
  const reason = new Error('stopped')
  fake.instead.push('silence')
  const controller = new AbortController()
  const adding = provider().addTxt(NAME, 'v', controller.signal)
  controller.abort(reason)
  await t.rejects(adding, reason)
  fake.instead.push({ status: 503, headers: { 'retry-after': '50' }, body: '' })
  const waiting = new AbortController()
  const later = provider().addTxt(NAME, 'v', waiting.signal)
  setImmediate(() => waiting.abort(reason))
  await t.rejects(later, reason, 'also while it waits for the next try')
})
