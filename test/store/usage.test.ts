import t from 'tap'
import { DEFAULT_ACCOUNT } from '../../src/store/index.js'
import { onEachDatabase, storeFor } from './support.js'

onEachDatabase(t, (t, { fresh }) => {
  const amounts = { connections: 1, requests: 2, bytesIn: 3, bytesOut: 2 ** 40 }
  const used = { accountId: DEFAULT_ACCOUNT, day: '2026-01-31', ...amounts }

  t.test('usage adds up per account and day, as numbers', async (t) => {
    const { accounts, usage } = await storeFor(t, await fresh(t))
    const { id: alice } = await accounts.create('alice')
    await usage.add([used, { ...used, day: '2026-02-01' }, { ...used, accountId: alice }])
    await usage.add([used])
    const days = { from: '2026-01-31', to: '2026-01-31' }
    const twice = { connections: 2, requests: 4, bytesIn: 6, bytesOut: 2 ** 41 }
    t.strictSame(await usage.list({ ...days, accountId: DEFAULT_ACCOUNT }), [{ ...used, ...twice }])
    t.equal((await usage.list(days)).length, 2)
    t.equal((await usage.list({ from: '2026-01-01', to: '2026-12-31' })).length, 3)
    t.strictSame(await usage.list({ from: '2026-02-02', to: '2026-12-31' }), [])
  })

  t.test('nodes that add at once lose nothing', async (t) => {
    const options = await fresh(t)
    const [a, b] = [await storeFor(t, options), await storeFor(t, options)]
    await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? a : b).usage.add([used])))
    t.match(await a.usage.list({ from: used.day, to: used.day }), [{ connections: 40, bytesOut: 40 * 2 ** 40 }])
  })

  t.test('all or nothing, when an account is not there', async (t) => {
    const { usage } = await storeFor(t, await fresh(t))
    await t.rejects(usage.add([used, { ...used, accountId: 'acc_ghost' }]), { code: 'UR_ACCOUNT_NOT_FOUND' })
    t.strictSame(await usage.list({ from: used.day, to: used.day }), [])
    await usage.add([])
  })
})
