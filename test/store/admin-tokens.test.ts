import t from 'tap'
import { ADMIN_TOKEN_PATTERN, tokenHash } from '../../src/store/index.js'
import { onEachDatabase, storeFor } from './support.js'

onEachDatabase(t, (t, { fresh }) => {
  t.test('tokens of the admin API are made, found by their hash, and revoked', async (t) => {
    const { adminTokens } = await storeFor(t, await fresh(t))
    const expiresAt = new Date(Date.now() + 60_000)
    const { record, token } = await adminTokens.create('ops', { scope: 'write', expiresAt })
    t.match(token, ADMIN_TOKEN_PATTERN)
    t.match(record, { id: /^adm_\w{17}$/, name: 'ops', scope: 'write', expiresAt, lastUsedAt: null, revokedAt: null })
    t.strictSame(await adminTokens.findByHash(tokenHash(token)), record)
    t.equal(await adminTokens.findByHash(tokenHash('unra_other')), null)
    await t.rejects(adminTokens.create('ops', { scope: 'read' }), { code: 'UR_TOKEN_NAME_TAKEN' })
    await t.rejects(adminTokens.create('unra_x', { scope: 'read' }), { code: 'UR_TOKEN_NAME_INVALID' })

    await adminTokens.touch(record.id, new Date('2026-01-31T12:00:00.000Z'))
    t.match(await adminTokens.get('ops'), { lastUsedAt: new Date('2026-01-31T12:00:00.000Z') })
    const revoked = await adminTokens.revoke('ops')
    t.match(revoked, { id: record.id, revokedAt: Date })
    t.strictSame(await adminTokens.revoke(record.id), revoked, 'it stays as it was')
    const again = await adminTokens.create('ops', { scope: 'read' })
    t.match(await adminTokens.get('ops'), { id: again.record.id }, 'the live one of a name comes first')
    await t.rejects(adminTokens.get('nobody'), { code: 'UR_TOKEN_NOT_FOUND' })
    t.strictSame((await adminTokens.page({ limit: 9 })).map(({ id }) => id).sort(), [again.record.id, record.id].sort())
  })

  t.test('what belongs together is written together, or not at all', async (t) => {
    const store = await storeFor(t, await fresh(t))
    const change = store.together(async ({ tokens, audit }) => {
      await tokens.create('laptop')
      await tokens.revoke('laptop')
      await audit.append({ actor: 'cli', action: 'token.create', object: 'laptop' })
      throw new Error('at the last moment')
    })
    await t.rejects(change, { message: 'at the last moment' })
    t.strictSame(await store.tokens.list(), [])
    t.strictSame(await store.audit.list({ limit: 9 }), [])

    await store.together(async ({ tokens, audit }) => {
      const { id } = await tokens.create('laptop')
      await audit.append({ actor: 'cli', action: 'token.create', object: id })
    })
    const [token] = await store.tokens.list()
    t.match(await store.audit.list({ limit: 9 }), [{ object: token?.id }])
    await t.rejects(
      store.together(({ tokens }) => tokens.create('laptop')),
      { code: 'UR_TOKEN_NAME_TAKEN' },
    )
  })

  t.test('pages of a list end where the next one begins', async (t) => {
    const { tokens, accounts } = await storeFor(t, await fresh(t))
    for (let i = 0; i < 7; i++) await tokens.create(`t${i}`)
    await accounts.create('alice')
    t.strictSame(await accounts.page({ limit: 9 }), await accounts.list())
    const all = await tokens.list()
    const seen: typeof all = []
    for (let page = await tokens.page({ limit: 3 }); page.length > 0;) {
      seen.push(...page)
      const { createdAt: at, id } = page.at(-1)!
      page = await tokens.page({ limit: 3, after: { at, id } })
    }
    t.strictSame(seen, all)
  })
})
