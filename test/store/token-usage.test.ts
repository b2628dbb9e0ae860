import t from 'tap'
import { onEachDatabase, storeFor } from './support.js'

onEachDatabase(t, (t, { fresh }) => {
  t.test('the bytes of a token add up by day, from several processes too', async (t) => {
    const options = await fresh(t)
    const [one, other] = [await storeFor(t, options), await storeFor(t, options)]
    const { id: a } = await one.tokens.create('a')
    const { id: b } = await one.tokens.create('b')
    t.equal(await one.tokenUsage.bytes(a, '2026-11-28'), 0)
    const add = (store: typeof one) =>
      store.tokenUsage.add([
        { tokenId: b, day: '2026-11-28', bytes: 1 },
        { tokenId: a, day: '2026-11-28', bytes: 2 ** 40 },
        { tokenId: a, day: '2026-11-27', bytes: 5 },
      ])
    await Promise.all([add(one), add(other), add(one)])
    t.equal(await other.tokenUsage.bytes(a, '2026-11-28'), 3 * 2 ** 40)
    t.equal(await other.tokenUsage.bytes(b, '2026-11-28'), 3)
    await one.tokenUsage.prune('2026-11-28')
    t.equal(await one.tokenUsage.bytes(a, '2026-11-27'), 0)
    t.equal(await one.tokenUsage.bytes(b, '2026-11-28'), 3)
  })

  t.test('of one call all is added, or nothing', async (t) => {
    const { tokens, tokenUsage } = await storeFor(t, await fresh(t))
    const { id } = await tokens.create('a')
    const used = [
      { tokenId: id, day: '2026-11-28', bytes: 1 },
      { tokenId: 'tok_ghost', day: '2026-11-28', bytes: 1 },
    ]
    await t.rejects(tokenUsage.add(used))
    t.equal(await tokenUsage.bytes(id, '2026-11-28'), 0)
  })
})
