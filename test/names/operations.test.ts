import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  checkName,
  listReservations,
  removeReservation,
  type ReserveContext,
  reserveDomain,
  reservePort,
  reserveSubdomain,
} from '../../src/names/index.js'
import { openStore } from '../../src/store/index.js'
import { PortRanges } from '../../src/tunnels/index.js'
import { Knot } from '../support/knot.js'
import { RecordedLog } from '../support/log.js'
import { DOMAIN } from './support.js'

const DAY = 86_400_000

async function contextFor(t: Test, port = 1): Promise<ReserveContext> {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  t.teardown(() => store.close())
  await store.accounts.create('alice')
  await store.accounts.create('bob')
  return {
    store,
    domain: DOMAIN,
    rules: { refusedLabels: ['www'], customDomains: 'reserved' },
    watch: { resolvers: [{ host: '127.0.0.1', port }], timeoutMs: 500, intervalMs: DAY, graceMs: 7 * DAY },
    ports: new PortRanges([{ from: 20_000, to: 29_999 }]),
    log: new RecordedLog(),
  }
}

t.test('what can be reserved, and what cannot', async (t) => {
  const context = await contextFor(t)
  const invalid = { name: 'ConfigError', code: 'UR_RESERVATION_INVALID' }
  t.match(await reserveSubdomain(context, 'Shop', 'alice'), { kind: 'subdomain', value: 'shop', account: 'alice' })
  t.match(await reserveSubdomain(context, `db.${DOMAIN}`, 'alice'), { value: 'db' })
  t.match(await reserveSubdomain(context, 'www', 'alice'), { value: 'www' }, 'a label that is kept back is opened')
  t.match(await reserveSubdomain(context, 'bücher', 'alice'), { value: 'xn--bcher-kva' })
  for (const label of ['a.b', '', '-', 'a b', DOMAIN, '*']) {
    await t.rejects(reserveSubdomain(context, label, 'alice'), invalid, label)
  }
  await t.rejects(reserveSubdomain(context, 'pаypal', 'alice'), { code: 'UR_NAME_MIXED' })
  for (const name of ['*.example.org', 'org', '', DOMAIN, `x.${DOMAIN}`, 'example.com', 'com', 'a..b']) {
    await t.rejects(reserveDomain(context, name, 'alice'), invalid, name)
  }
  t.match(await reservePort(context, '20001', 'alice'), {
    kind: 'port',
    value: '20001',
    state: 'reserved',
    warning: null,
  })
  const outside = await reservePort(context, '22', 'alice')
  t.equal(outside.warning, 'port 22 is not in listen.tcp_ports (20000-29999), so no tunnel can have it')
  await removeReservation(context, '22')
  for (const port of ['0', '65536', '-1', 'http', '', '1.5'])
    await t.rejects(reservePort(context, port, 'alice'), invalid)
  await t.rejects(reservePort(context, '20002', 'carol'), { code: 'UR_ACCOUNT_NOT_FOUND' })
  t.equal((await listReservations(context)).length, 5)
  t.equal((await listReservations(context, 'bob')).length, 0)
})

t.test(
  'what is taken, under something taken, or looks like it, is nobody else’s; who has it is not told',
  async (t) => {
    const context = await contextFor(t)
    await reserveSubdomain(context, 'shop', 'alice')
    await reservePort(context, '20001', 'alice')
    const domain = await reserveDomain(context, 'paypal.example.org', 'alice')
    await context.store.reservations.noteProof(domain.id, { verifiedAt: new Date(), failingSince: null })
    const tries = [
      () => reserveSubdomain(context, 'shop', 'bob'),
      () => reserveSubdomain(context, 'sh0p', 'bob'),
      () => reserveSubdomain(context, 'ѕһор', 'bob'),
      () => reservePort(context, '20001', 'bob'),
      () => reserveDomain(context, 'paypal.example.org', 'bob'),
      () => reserveDomain(context, 'login.paypal.example.org', 'bob'),
      () => reserveDomain(context, 'paypa1.example.org', 'bob'),
      () => reserveSubdomain(context, 'shop', 'alice'),
    ]
    for (const attempt of tries) {
      await t.rejects(attempt(), { name: 'RefusedError', code: 'UR_RESERVED', message: /^((?!alice|acc_).)*$/ })
    }
    await t.resolves(reserveSubdomain(context, 'sh0p', 'alice'), 'the same account may')
    await t.resolves(reserveDomain(context, 'login.paypal.example.org', 'alice'))
    await t.resolves(reserveDomain(context, 'example.org', 'bob'), 'what is above it is another name')
  },
)

t.test('a domain that is not proved keeps others out for a day, one that lapsed does not', async (t) => {
  const context = await contextFor(t)
  const { reservations } = context.store
  const first = await reserveDomain(context, 'shop.example.org', 'alice')
  t.match(first, {
    state: 'unproved',
    records: [
      { name: '_uniroute.shop.example.org', type: 'TXT', value: /^uniroute-proof=[\w-]{24}$/ },
      { name: 'shop.example.org', type: 'CNAME', value: DOMAIN },
    ],
  })
  await t.rejects(reserveDomain(context, 'shop.example.org', 'bob'), { code: 'UR_RESERVED' })
  await reservations.noteProof(first.id, { verifiedAt: null, failingSince: new Date(0) })
  t.match(await listReservations(context, 'alice'), [{ state: 'lapsed' }])
  await t.rejects(reserveDomain(context, 'shop.example.org', 'alice'), { code: 'UR_RESERVED' }, 'it is alice’s own')
  const next = await reserveDomain(context, 'shop.example.org', 'bob')
  t.not(next.records[0]?.value, first.records[0]?.value, 'with another proof')
  t.match(await listReservations(context), [{ id: next.id, account: 'bob', state: 'unproved' }])
})

t.test('a check tells who may bind a name, and looks for the proof', async (t) => {
  const knot = await Knot.start(t, { 'example.org': '', 'example.com': 'tunnels A 192.0.2.1' })
  const context = await contextFor(t, knot.port)
  await reserveSubdomain(context, 'shop', 'alice')
  await reservePort(context, '20001', 'alice')
  const domain = await reserveDomain(context, 'db.example.org', 'bob')
  const cases = [
    ['shop', { name: `shop.${DOMAIN}`, reservation: { account: 'alice', value: 'shop' }, dns: null, refusal: null }],
    [`a.shop.${DOMAIN}`, { reservation: { value: 'shop' } }],
    [`*.shop.${DOMAIN}`, { reservation: { value: 'shop' } }],
    ['20001', { name: '20001', reservation: { kind: 'port' } }],
    ['20002', { name: '20002', reservation: null, refusal: null }],
    ['free', { reservation: null, refusal: null }],
    ['www', { reservation: null, refusal: { code: 'UR_NAME_REFUSED' } }],
    ['sh0p', { reservation: null, refusal: { code: 'UR_NAME_TAKEN' } }],
    ['other.example.org', { reservation: null, refusal: { code: 'UR_DOMAIN_UNRESERVED' } }],
  ] as const
  for (const [name, expected] of cases) t.match(await checkName(context, name), expected, name)
  await t.rejects(checkName(context, 'a..b'), { code: 'UR_RESERVATION_INVALID' })

  const before = await checkName(context, 'db.example.org')
  t.match(before, {
    reservation: { state: 'unproved' },
    dns: { proof: { state: 'missing' }, pointing: { state: 'missing' } },
  })
  const [txt] = domain.records
  await knot.change('example.org', `_uniroute.db TXT "${txt?.value}"\ndb CNAME ${DOMAIN}.`)
  const found = { proof: { state: 'found' }, pointing: { state: 'here' } }
  t.match(await checkName(context, 'db.example.org'), { reservation: { state: 'proved' }, dns: found })
  t.match(await listReservations(context, 'bob'), [{ state: 'proved', lapsesAt: null }])
  await knot.change('example.org', `db CNAME ${DOMAIN}.`)
  const failing = (await checkName(context, 'www.db.example.org')).reservation
  t.match(failing, { state: 'failing', value: 'db.example.org' })
  const { failingSince, lapsesAt } = failing ?? {}
  t.equal((lapsesAt?.getTime() ?? 0) - (failingSince?.getTime() ?? 0), 7 * DAY)
})

t.test('given up by id, name or port', async (t) => {
  const context = await contextFor(t)
  const shop = await reserveSubdomain(context, 'shop', 'alice')
  await reserveSubdomain(context, 'blog', 'alice')
  await reserveDomain(context, 'db.example.org', 'alice')
  await reservePort(context, '20001', 'alice')
  for (const what of [shop.id, `blog.${DOMAIN}`, 'db.example.org', '20001']) await removeReservation(context, what)
  t.strictSame(await listReservations(context), [])
  for (const what of [shop.id, 'shop', '20001']) {
    await t.rejects(removeReservation(context, what), { code: 'UR_RESERVATION_NOT_FOUND' })
  }
})
