import t from 'tap'
import { TOKEN_PATTERN, tokenHash } from '../../src/store/index.js'
import { onEachDatabase, outputOf, scriptOn, storeFor } from './support.js'

onEachDatabase(t, (t, { fresh, execute }) => {
  t.test('a token is made once, listed without itself, found by hash, revoked by name', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    const { id, name, token } = await tokens.create('laptop')
    t.match(token, TOKEN_PATTERN)
    t.equal(name, 'laptop')
    const [listed] = await tokens.list()
    t.match(listed, { id, name: 'laptop', lastUsedAt: null, revokedAt: null })
    t.ok(Math.abs(Date.now() - (listed?.createdAt.getTime() ?? 0)) < 60_000)
    t.notMatch(JSON.stringify(listed), token.slice(4))
    t.match(await tokens.findByHash(tokenHash(token)), { id, revokedAt: null })
    t.equal(await tokens.findByHash(tokenHash('unr_' + '0'.repeat(43))), null)

    const revoked = await tokens.revoke('laptop')
    t.ok(revoked.revokedAt)
    t.match(await tokens.findByHash(tokenHash(token)), { id, revokedAt: Date })
    t.strictSame(await tokens.revoke(id), revoked, 'revoking again changes nothing')
  })

  t.test('rights are changed in place, and whoever follows is told, in order', async (t) => {
    const { tokens, accounts } = await storeFor(t, await fresh(t))
    const { id: accountId } = await accounts.create('alice')
    const a = await tokens.create('a', { accountId, rights: { kinds: ['tcp'] } })
    const b = await tokens.create('b', { accountId })
    t.match(await tokens.findByHash(tokenHash(a.token)), { rightsChange: 0, accountDisabledAt: null })
    t.strictSame(await tokens.rightsChangedSince(0), { cursor: 0, tokens: [] })

    const updated = await tokens.update('b', (before) => {
      t.equal(before, null)
      return { max_tunnels: 2 }
    })
    t.match(updated, { id: b.id, rights: { max_tunnels: 2 } })
    await tokens.update(a.id, () => null)
    const told = await tokens.rightsChangedSince(0)
    t.match(told, {
      cursor: 2,
      tokens: [
        { id: b.id, rights: { max_tunnels: 2 }, accountDisabledAt: null, rightsChange: 1 },
        { id: a.id, rights: null, rightsChange: 2 },
      ],
    })
    t.strictSame((await tokens.rightsChangedSince(told.cursor)).tokens, [])

    await accounts.disable('alice')
    const disabled = await tokens.rightsChangedSince(told.cursor)
    t.equal(disabled.cursor, 3)
    t.strictSame(disabled.tokens.map(({ id }) => id).sort(), [a.id, b.id].sort())
    t.ok(disabled.tokens.every(({ accountDisabledAt }) => accountDisabledAt !== null))
    await accounts.enable('alice')
    t.match(await tokens.findByHash(tokenHash(a.token)), { rightsChange: 4, accountDisabledAt: null })

    const refusal = new Error('no')
    await t.rejects(
      tokens.update('a', () => {
        throw refusal
      }),
      refusal,
    )
    await tokens.revoke('a')
    await t.rejects(
      tokens.update(a.id, () => null),
      { name: 'RefusedError', code: 'UR_TOKEN_REVOKED' },
    )
    await t.rejects(
      tokens.update('ghost', () => null),
      { name: 'RefusedError', code: 'UR_TOKEN_NOT_FOUND' },
    )
    t.equal((await tokens.rightsChangedSince(4)).tokens.length, 0, 'what failed changed nothing')
  })

  t.test('rights are changed at once by many, and none is lost', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    await tokens.create('a')
    const add = (n: number) => tokens.update('a', (before) => ({ ...before, [`k${n}`]: n }))
    await Promise.all([add(1), add(2), add(3), add(4)])
    t.strictSame((await tokens.list())[0]?.rights, { k1: 1, k2: 2, k3: 3, k4: 4 })
    t.equal((await tokens.rightsChangedSince(0)).cursor, 4)
  })

  t.test('stored rights that are no JSON object are told as such', async (t) => {
    const options = await fresh(t)
    const { tokens } = await storeFor(t, options)
    const { token } = await tokens.create('a')
    for (const text of ['{"kinds": [', '[]', '7', '']) {
      await execute(options, `update tokens set rights = '${text}'`)
      t.strictSame((await tokens.findByHash(tokenHash(token)))?.rights, { unreadable: text }, text)
    }
  })

  t.test('two tokens are never alike and hold 256 bits', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => tokens.create(`t${i}`)))
    t.equal(new Set(made.map((one) => one.token)).size, 20)
    t.equal(new Set(made.map((one) => one.id)).size, 20)
    t.ok(62n ** 43n >= 2n ** 256n)
  })

  t.test('a name is taken while its token lives, and free after', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    const first = await tokens.create('ci')
    await t.rejects(tokens.create('ci'), { name: 'RefusedError', code: 'UR_TOKEN_NAME_TAKEN', message: /ci.*revoke/ })
    await tokens.revoke('ci')
    const second = await tokens.create('ci')
    t.equal((await tokens.revoke('ci')).id, second.id, 'the living one is meant')
    t.not(first.id, second.id)
  })

  t.test('names are checked', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    for (const bad of ['', ' ', '-x', 'a b', 'ü', 'a\u001b[31m', 'x'.repeat(65), 'tok_1', 'unr_1', 'a/b']) {
      await t.rejects(tokens.create(bad), { name: 'ConfigError', code: 'UR_TOKEN_NAME_INVALID' }, JSON.stringify(bad))
    }
    for (const good of ['a', 'db-1.eu', 'ann@example.com', 'x'.repeat(64)]) await tokens.create(good)

    await t.rejects(tokens.create('bad\u001b[2J'), { message: /^[^\u001b]*$/ })
  })

  t.test('revoking what is not there says so', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    await t.rejects(tokens.revoke('ghost'), { code: 'UR_TOKEN_NOT_FOUND', message: /token list/ })
    await t.rejects(tokens.revoke('tok_ghost'), { code: 'UR_TOKEN_NOT_FOUND' })
  })

  t.test('revocations are told in their order, each once a cursor', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    const [a, b, c] = [await tokens.create('a'), await tokens.create('b'), await tokens.create('c')]
    t.strictSame(await tokens.revokedSince(0), { cursor: 0, ids: [] })
    await tokens.revoke('b')
    const first = await tokens.revokedSince(0)
    t.strictSame(first.ids, [b.id])
    await tokens.revoke('c')
    await tokens.revoke('a')
    const second = await tokens.revokedSince(first.cursor)
    t.strictSame(second.ids, [c.id, a.id])
    t.strictSame((await tokens.revokedSince(second.cursor)).ids, [])
    t.strictSame((await tokens.revokedSince(0)).ids, [b.id, c.id, a.id])
  })

  t.test('last use is kept', async (t) => {
    const { tokens } = await storeFor(t, await fresh(t))
    const { id } = await tokens.create('a')
    const at = new Date('2026-01-02T03:04:05.678Z')
    await tokens.touch(new Map([[id, at]]))
    t.strictSame((await tokens.list())[0]?.lastUsedAt, at)
  })

  t.test('other processes create and revoke while this one has it open', async (t) => {
    const options = await fresh(t)
    const here = await storeFor(t, options)
    const mine = await here.tokens.create('mine')
    const script = `${scriptOn(options)}
      const store = await openStore(options)
      for (let i = 0; i < 10; i++) await store.tokens.create(process.argv[1] + i)
      if (process.argv[1] === 'p0-') await store.tokens.revoke('mine')
      await store.close()`
    const child = (prefix: string) => outputOf(script, prefix)
    const writingHere = Promise.all(Array.from({ length: 10 }, (_, i) => here.tokens.create(`here-${i}`)))
    await Promise.all([child('p0-'), child('p1-'), writingHere])
    t.equal((await here.tokens.list()).length, 1 + 3 * 10)
    t.strictSame((await here.tokens.revokedSince(0)).ids, [mine.id])
  })

  t.test('revocations at once, from several connections: each has its number, and no watcher misses one', async (t) => {
    const options = await fresh(t)
    const { tokens } = await storeFor(t, options)
    const watcher = await storeFor(t, options)
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => tokens.create(`t${i}`)))
    const seen: string[] = []
    let cursor = 0
    const look = async () => {
      const { cursor: next, ids } = await watcher.tokens.revokedSince(cursor)
      cursor = next
      seen.push(...ids)
    }
    let revoked = false
    const watching = (async () => {
      while (!revoked) await look()
    })()
    await Promise.all(made.map(({ name }) => tokens.revoke(name)))
    revoked = true
    await watching
    await look()
    t.strictSame([...seen].sort(), made.map(({ id }) => id).sort())
    t.equal(cursor, 20)
  })
})
