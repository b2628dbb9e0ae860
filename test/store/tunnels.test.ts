import t from 'tap'
import { DEFAULT_ACCOUNT, newTunnelId, type Store } from '../../src/store/index.js'
import { onEachDatabase, storeFor } from './support.js'

async function bound({ tokens }: Store, node: string) {
  const { id: tokenId } = await tokens.create(`token-of-${node}`)
  const address = 'tcp://127.0.0.1:20001'
  return { accountId: DEFAULT_ACCOUNT, tokenId, name: 'tcp-5432', kind: 'tcp', address, node }
}

onEachDatabase(t, (t, { fresh }) => {
  t.test('a tunnel is opened and closed once', async (t) => {
    const store = await storeFor(t, await fresh(t))
    const { tunnels } = store
    const tunnel = await bound(store, 'a')
    const id = await tunnels.open(tunnel)
    t.match(await tunnels.list({ limit: 9 }), [{ ...tunnel, id, boundAt: Date, unboundAt: null, why: null }])
    await tunnels.close(id, 'UR_TOKEN_REVOKED')
    const [closed] = await tunnels.list({ limit: 9 })
    t.match(closed, { id, unboundAt: Date, why: 'UR_TOKEN_REVOKED' })
    await tunnels.close(id, 'something else')
    t.strictSame(await tunnels.list({ limit: 9 }), [closed])
  })

  t.test('what a node left open is closed, and nothing of other nodes', async (t) => {
    const store = await storeFor(t, await fresh(t))
    const { tunnels } = store
    const [a, b] = [await bound(store, 'a'), await bound(store, 'b')]
    await tunnels.close(await tunnels.open(a), 'asked for')
    await tunnels.open(a)
    await tunnels.open(a)
    const other = await tunnels.open(b)
    t.equal(await tunnels.closeAllOf('a', 'crashed'), 2)
    t.equal(await tunnels.closeAllOf('a', 'crashed'), 0)
    const list = await tunnels.list({ limit: 9 })
    t.strictSame(list.map(({ why }) => why).sort(), ['asked for', 'crashed', 'crashed', null].sort())
    t.match(
      list.filter(({ why }) => why === null),
      [{ id: other }],
    )
  })

  t.test('what is written later keeps its times, and twice is as once', async (t) => {
    const store = await storeFor(t, await fresh(t))
    const { tunnels } = store
    const [id, boundAt, unboundAt] = [newTunnelId(), new Date('2026-01-01T00:00:00Z'), new Date('2026-01-02T00:00:00Z')]
    const tunnel = await bound(store, 'a')
    const events = [
      { id, at: boundAt, bound: tunnel },
      { id, at: unboundAt, why: 'UR_TAKEN_OVER' },
    ]
    await tunnels.write(events)
    await tunnels.write(events)
    t.strictSame(await tunnels.list({ limit: 9 }), [{ ...tunnel, id, boundAt, unboundAt, why: 'UR_TAKEN_OVER' }])
    t.strictSame(await tunnels.list({ limit: 9, after: { at: boundAt, id } }), [])
    t.equal(await tunnels.prune(unboundAt), 0)
    t.equal(await tunnels.prune(new Date(unboundAt.getTime() + 1)), 1)
  })

  t.test('the newest come first, of one account or of all', async (t) => {
    const store = await storeFor(t, await fresh(t))
    const { accounts, tunnels } = store
    const { id: alice } = await accounts.create('alice')
    const tunnel = await bound(store, 'a')
    for (let i = 0; i < 5; i++)
      await tunnels.open({ ...tunnel, name: `t${i}`, accountId: i % 2 ? alice : DEFAULT_ACCOUNT })
    t.equal((await tunnels.list({ limit: 3 })).length, 3)
    t.strictSame((await tunnels.list({ limit: 9, accountId: alice })).map(({ name }) => name).sort(), ['t1', 't3'])
    const times = (await tunnels.list({ limit: 9 })).map(({ boundAt }) => boundAt.getTime())
    t.strictSame(
      times,
      [...times].sort((a, b) => b - a),
    )
  })
})
