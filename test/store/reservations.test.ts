import t from 'tap'
import { DEFAULT_ACCOUNT } from '../../src/store/index.js'
import { onEachDatabase, storeFor } from './support.js'

onEachDatabase(t, (t, { fresh }) => {
  t.test('a name is reserved, looked up, listed by account, and given up', async (t) => {
    const { accounts, reservations } = await storeFor(t, await fresh(t))
    const { id: alice } = await accounts.create('alice')
    const shop = await reservations.reserve({ accountId: alice, kind: 'subdomain', value: 'shop' })
    t.match(shop, { id: /^res_\w{17}$/, accountId: alice, proof: null, verifiedAt: null, failingSince: null })
    const domain = {
      accountId: DEFAULT_ACCOUNT,
      kind: 'domain',
      value: 'shop.example.org',
      proof: 'uniroute=1',
    } as const
    t.match(await reservations.reserve(domain), domain)
    await reservations.reserve({ accountId: alice, kind: 'port', value: '20001' })
    t.strictSame(await reservations.lookup('subdomain', 'shop'), shop)
    t.equal(await reservations.lookup('domain', 'shop'), null, 'another kind is another thing')
    t.match(
      (await reservations.list(alice)).map(({ value }) => value),
      ['shop', '20001'],
    )
    t.equal((await reservations.list()).length, 3)
    await reservations.release(shop.id)
    t.equal(await reservations.lookup('subdomain', 'shop'), null)
    await t.rejects(reservations.release(shop.id), { name: 'RefusedError', code: 'UR_RESERVATION_NOT_FOUND' })
    await reservations.reserve({ accountId: DEFAULT_ACCOUNT, kind: 'subdomain', value: 'shop' })
  })

  t.test('one gets it, of many at once, and the others are not told who', async (t) => {
    const { accounts, reservations } = await storeFor(t, await fresh(t))
    const { id: alice } = await accounts.create('alice')
    const reserve = (accountId: string) => reservations.reserve({ accountId, kind: 'port', value: '20001' })
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => reserve(i % 2 ? alice : DEFAULT_ACCOUNT)),
    )
    const refused = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []))
    t.equal(refused.length, 7)
    for (const error of refused) {
      t.match(error, { name: 'RefusedError', code: 'UR_RESERVED', message: /port "20001" is reserved already/ })
      t.notMatch(error.message, /alice|acc_/)
    }
  })

  t.test('whoever follows the reservations hears of each change once, in order, and of those before him', async (t) => {
    const options = await fresh(t)
    const [{ reservations }, other] = [await storeFor(t, options), await storeFor(t, options)]
    const reserve = (value: string) =>
      other.reservations.reserve({ accountId: DEFAULT_ACCOUNT, kind: 'subdomain', value })
    t.strictSame(await reservations.changedSince(0), { cursor: 0, records: [], released: [] })
    const [a, b] = [await reserve('a'), await reserve('b')]
    const first = await reservations.changedSince(0)
    t.strictSame(first, { cursor: 2, records: [a, b], released: [] })
    t.strictSame(await reservations.changedSince(2), { cursor: 2, records: [], released: [] })
    const verifiedAt = new Date('2026-01-31T12:00:00Z')
    t.equal(await other.reservations.noteProof(a.id, { verifiedAt, failingSince: null }), true)
    await other.reservations.release(b.id)
    const c = await reserve('c')
    const next = await reservations.changedSince(first.cursor)
    t.strictSame(next, { cursor: 5, records: [{ ...a, verifiedAt }, c], released: [b.id] })
    await Promise.all(['d', 'e', 'f', 'g'].map(reserve))
    const { cursor, records } = await reservations.changedSince(next.cursor)
    t.equal(cursor, 9)
    t.strictSame(records.map(({ value }) => value).sort(), ['d', 'e', 'f', 'g'])
    t.equal(await other.reservations.noteProof(b.id, { verifiedAt, failingSince: null }), false, 'it was given up')
  })

  t.test('one takes the place of another, or nothing changes', async (t) => {
    const { accounts, reservations } = await storeFor(t, await fresh(t))
    const { id: alice } = await accounts.create('alice')
    const domain = { kind: 'domain', value: 'shop.example.org' } as const
    const before = await reservations.reserve({ accountId: DEFAULT_ACCOUNT, ...domain, proof: 'one' })
    await t.rejects(reservations.reserve({ accountId: 'acc_ghost', ...domain }, before.id), {
      code: 'UR_ACCOUNT_NOT_FOUND',
    })
    t.strictSame(await reservations.list(), [before])
    const after = await reservations.reserve({ accountId: alice, ...domain, proof: 'two' }, before.id)
    t.strictSame(await reservations.list(), [after])
  })

  t.test('an account that is not there', async (t) => {
    const { reservations } = await storeFor(t, await fresh(t))
    const ghost = { accountId: 'acc_ghost', kind: 'port', value: '1' } as const
    await t.rejects(reservations.reserve(ghost), { code: 'UR_ACCOUNT_NOT_FOUND' })
  })
})
