import { Resolver } from 'node:dns/promises'
import t, { type Test } from 'tap'
import { Rfc2136Provider, type Rfc2136Options } from '../../../src/certs/dns/rfc2136.js'
import { TSIG_ALGORITHMS, type TsigAlgorithm } from '../../../src/certs/dns/tsig.js'
import { Knot, type KnotOptions } from '../../support/knot.js'
import { freePort } from '../../support/places.js'

const SECRET = Buffer.from('a secret of thirty-two bytes....').toString('base64')
const ZONES = {
  'example.org': 'www A 192.0.2.80\n*.wild A 192.0.2.81\nmail MX 10 www\nsub NS ns.sub\nns.sub A 192.0.2.99',
  'deep.example.org': 'other TXT "kept"',
  'fixed.example': '',
}
const NAME = '_acme-challenge.example.org'

function keyOf(algorithm: TsigAlgorithm, secret = SECRET, name = 'uniroute.key') {
  return { name, algorithm, secret }
}

async function knotWith(t: Test, algorithm: TsigAlgorithm = 'hmac-sha256', options: KnotOptions = {}) {
  const knot = await Knot.start(t, ZONES, { key: keyOf(algorithm), fixed: ['fixed.example'], ...options })
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${knot.port}`])
  const txt = async (name: string): Promise<string[]> => {
    const found = await resolver.resolveTxt(name).catch(() => [])
    return found.map((strings) => strings.join('')).sort()
  }
  const provider = (given: Partial<Rfc2136Options> = {}) => {
    const servers = [{ host: '127.0.0.1', port: knot.port }]
    return new Rfc2136Provider({
      servers,
      key: keyOf(algorithm),
      zone: null,
      ttlS: 60,
      timeoutMs: 5000,
      tries: 1,
      ...given,
    })
  }
  return { knot, resolver, txt, provider }
}

const signal = new AbortController().signal

t.test('records of proofs at a real name server', async (t) => {
  const { txt, provider } = await knotWith(t)
  const dns = provider()
  await dns.addTxt(NAME, 'one', signal)
  await dns.addTxt(NAME, 'two', signal)
  await dns.addTxt(NAME, 'one', signal)
  t.same(await txt(NAME), ['one', 'two'], 'both stay, none is there twice')
  await dns.removeTxt(NAME, 'one', signal)
  await dns.removeTxt(NAME, 'one', signal)
  t.same(await txt(NAME), ['two'], 'the other one stays')
  await dns.removeTxt(NAME, 'two', signal)
  t.same(await txt(NAME), [])

  const long = 'x'.repeat(300)
  await dns.addTxt('_Acme-Challenge.a.b.deep.example.org', long, signal)
  t.same(
    await txt('_acme-challenge.a.b.deep.example.org'),
    [long],
    'in the zone nearest to the name, in several strings',
  )
  await provider({ zone: 'Example.org.' }).addTxt(NAME, 'told', signal)
  t.same(await txt(NAME), ['told'])
})

t.test('every algorithm', async (t) => {
  for (const algorithm of TSIG_ALGORITHMS) {
    const { txt, provider } = await knotWith(t, algorithm)
    await provider().addTxt(NAME, algorithm, signal)
    t.same(await txt(NAME), [algorithm])
  }
})

t.test('what a name server says no to', async (t) => {
  const { provider, txt, knot } = await knotWith(t)
  const add = (given: Partial<Rfc2136Options>, name = NAME) => provider(given).addTxt(name, 'never', signal)
  const other = Buffer.from('another secret').toString('base64')
  const secretFree = { message: new RegExp(`^(?!.*${SECRET.slice(0, 10)})`) }

  await t.rejects(add({ key: keyOf('hmac-sha256', other) }), {
    ...secretFree,
    code: 'UR_DNS_KEY',
    message: /has another secret for the TSIG key uniroute\.key \(hmac-sha256\)/,
  })
  await t.rejects(add({ key: keyOf('hmac-sha256', SECRET, 'another.key') }), {
    code: 'UR_DNS_KEY',
    message: /does not take the TSIG key another\.key/,
  })
  await t.rejects(add({ key: keyOf('hmac-sha512') }), { code: 'UR_DNS_KEY', message: /uniroute\.key/ })
  const late = () => new Date(Date.now() - 600_000)
  await t.rejects(add({ now: late }), {
    code: 'UR_DNS_CLOCK',
    message: /is (59|60)\d s ahead of that of this machine/,
  })
  const early = () => new Date(Date.now() + 600_000)
  await t.rejects(add({ now: early }), { code: 'UR_DNS_CLOCK', message: /is (59|60)\d s behind that of this/ })
  await t.rejects(add({ key: null }), { code: 'UR_DNS_REFUSED', message: /refused an update of example\.org/ })
  await t.rejects(add({}, '_acme-challenge.fixed.example'), { code: 'UR_DNS_KEY', message: /or not for this change/ })
  await t.rejects(add({}, '_acme-challenge.not-ours.example'), {
    code: 'UR_DNS_ZONE',
    message: /127\.0\.0\.1:\d+ does not serve the zone of _acme-challenge\.not-ours\.example/,
  })
  await t.rejects(add({ zone: 'deep.example.org' }), { code: 'UR_DNS_FAILED', message: /NOTZONE/ })
  t.same(await txt(NAME), [])
  const free = await freePort()
  const servers = [
    { host: '127.0.0.1', port: free },
    { host: '127.0.0.1', port: knot.port },
  ]
  await add({ servers })
  t.same(await txt(NAME), ['never'], 'the second server took it, since the first is not there')
  await t.rejects(add({ servers: servers.slice(0, 1), tries: 2 }), {
    code: 'UR_DNS_UNREACHABLE',
    message: new RegExp(`127\\.0\\.0\\.1:${free}: nothing answers there`),
  })
})

t.test('a key that may change some names only', async (t) => {
  const { provider, txt, resolver } = await knotWith(t, 'hmac-sha256', { owners: ['tunnels'] })
  const dns = provider()
  await dns.addTxt('_acme-challenge.tunnels.example.org', 'v', signal)
  t.same(await txt('_acme-challenge.tunnels.example.org'), ['v'])
  for (const name of ['tunnels.example.org', '*.tunnels.example.org']) {
    await dns.records.replace(name, [{ type: 'A', value: '192.0.2.1' }], signal)
    await dns.records.replace(name, [{ type: 'CNAME', value: 'x.example' }], signal)
    t.same(await resolver.resolveCname(name.replace('*', 'any')), ['x.example'])
  }
  await dns.removeTxt('_acme-challenge.tunnels.example.org', 'v', signal)
  await t.rejects(dns.addTxt(NAME, 'v', signal), { code: 'UR_DNS_KEY', message: /or not for this change/ })
})

t.test('a name server that hangs, and one that is given up', async (t) => {
  const { provider, knot } = await knotWith(t)
  await knot.freeze()
  await t.rejects(provider({ timeoutMs: 300 }).addTxt(NAME, 'x', signal), {
    code: 'UR_DNS_UNREACHABLE',
    message: /did not answer within 300 ms/,
  })
  const reason = new Error('stopped')
  const controller = new AbortController()
  const adding = provider().addTxt(NAME, 'x', controller.signal)
  controller.abort(reason)
  await t.rejects(adding, reason)
  knot.wake()
})

t.test('addresses', async (t) => {
  const { provider, resolver } = await knotWith(t)
  const editor = provider().records
  const replace = (name: string, ...records: string[]) =>
    editor.replace(
      name,
      records.map((text) => {
        const [type, value] = text.split(' ') as ['A' | 'AAAA' | 'CNAME', string]
        return { type, value }
      }),
      signal,
    )
  t.same(await replace('www.example.org', 'A 192.0.2.80'), [], 'nothing is written when they are there')
  t.same(await replace('www.example.org', 'A 192.0.2.1', 'A 192.0.2.2', 'AAAA 2001:DB8:0::1'), [
    'removed www.example.org A 192.0.2.80',
    'added www.example.org A 192.0.2.1',
    'added www.example.org A 192.0.2.2',
    'added www.example.org AAAA 2001:db8::1',
  ])
  t.same((await resolver.resolve4('www.example.org')).sort(), ['192.0.2.1', '192.0.2.2'])
  t.same(await resolver.resolve6('www.example.org'), ['2001:db8::1'])
  t.same(await replace('www.example.org', 'A 192.0.2.2', 'A 192.0.2.1', 'AAAA 2001:db8::1'), [])
  t.same(await replace('www.example.org', 'A 192.0.2.2', 'AAAA 2001:db8::1'), ['removed www.example.org A 192.0.2.1'])

  t.same(await replace('www.example.org', 'A 192.0.2.2'), ['removed www.example.org AAAA 2001:db8::1'])
  await replace('www.example.org', 'CNAME elsewhere.example.net.')
  t.same(await resolver.resolveCname('www.example.org'), ['elsewhere.example.net'], 'addresses became a CNAME')
  await replace('www.example.org', 'A 192.0.2.7')
  t.same(await resolver.resolve4('www.example.org'), ['192.0.2.7'], 'and the CNAME addresses')
  t.same(await resolver.resolveCname('www.example.org').catch(() => []), [])

  await replace('*.example.org', 'A 192.0.2.9')
  t.same(await resolver.resolve4('any.example.org'), ['192.0.2.9'], 'a wildcard')
  t.same(
    await replace('x.wild.example.org', 'A 192.0.2.81'),
    ['added x.wild.example.org A 192.0.2.81'],
    'not from above',
  )
  t.same(await replace('x.wild.example.org', 'A 192.0.2.81'), [])

  await t.rejects(replace('mail.example.org', 'CNAME www.example.org'), {
    code: 'UR_DNS_CONFLICT',
    message: /did not take CNAME www\.example\.org for mail\.example\.org: there are records of other types/,
  })
  t.same(await resolver.resolveMx('mail.example.org'), [{ priority: 10, exchange: 'www.example.org' }])
  await replace('mail.example.org', 'A 192.0.2.5')
  t.same(
    await resolver.resolveMx('mail.example.org'),
    [{ priority: 10, exchange: 'www.example.org' }],
    'other types stay',
  )
  await t.rejects(replace('www.example.org', 'CNAME a.example', 'A 192.0.2.1'), { code: 'UR_DNS_OPTION' })
  await t.rejects(replace('www.example.org', 'A 2001:db8::1'), { code: 'UR_DNS_OPTION' })
})

t.test('options that make no sense', async (t) => {
  const options = { servers: [{ host: '::1', port: 53 }], zone: null, ttlS: 60, timeoutMs: 1, tries: 1 }
  const made = (key: Partial<ReturnType<typeof keyOf>>) => () =>
    new Rfc2136Provider({ ...options, key: { ...keyOf('hmac-sha256'), ...key } })
  t.throws(made({ secret: 'nö base64!' }), { code: 'UR_DNS_OPTION', message: /^(?!.*nö base64)/ })
  t.throws(made({ secret: '' }), { code: 'UR_DNS_OPTION' })
  t.throws(made({ algorithm: 'hmac-md5' as TsigAlgorithm }), { code: 'UR_DNS_OPTION', message: /hmac-sha512/ })
  t.throws(made({ name: 'a..b' }), { code: 'UR_DNS_OPTION' })
  t.throws(() => new Rfc2136Provider({ ...options, key: null, servers: [] }), { code: 'UR_DNS_OPTION' })
})
