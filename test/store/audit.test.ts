import t from 'tap'
import { onEachDatabase, storeFor } from './support.js'

onEachDatabase(t, (t, { fresh }) => {
  t.test('entries are kept whole, newest first, page by page', async (t) => {
    const { audit } = await storeFor(t, await fresh(t))
    const first = await audit.append({
      actor: 'cli',
      action: 'token.create',
      object: 'tok_1',
      details: { name: 'laptop', nested: [1, null] },
      address: '2001:db8::1',
    })
    t.match(first, { id: /^aud_[0-9a-f]{26}$/, at: Date, details: { nested: [1, null] }, address: '2001:db8::1' })
    for (let i = 1; i < 25; i++) await audit.append({ actor: 'cli', action: 'test', object: String(i) })
    const seen: string[] = []
    let before: string | undefined
    for (;;) {
      const page = await audit.list({ limit: 10, ...(before === undefined ? {} : { before }) })
      seen.push(...page.map(({ object }) => object))
      before = page.at(-1)?.id
      if (before === undefined) break
    }
    t.strictSame(seen, [...Array.from({ length: 24 }, (_, i) => String(24 - i)), 'tok_1'])
    t.strictSame((await audit.list({ limit: 99 })).at(-1), first)
  })

  t.test('old entries are pruned', async (t) => {
    const { audit } = await storeFor(t, await fresh(t))
    const { at } = await audit.append({ actor: 'a', action: 'b', object: 'old' })
    t.equal(await audit.prune(at), 0, 'it is not older than itself')
    t.equal(await audit.prune(new Date(at.getTime() + 1)), 1)
    t.strictSame(await audit.list({ limit: 9 }), [])
    for (let i = 0; i < 5; i++) await audit.append({ actor: 'a', action: 'b', object: String(i) })
    t.equal(await audit.prune(at, 5), 0)
    t.equal(await audit.prune(at, 2), 3, 'the newest stay')
    t.match(await audit.list({ limit: 9 }), [{ object: '4' }, { object: '3' }])
  })
})
