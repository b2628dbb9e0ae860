import t from 'tap'
import { DEFAULT_ACCOUNT } from '../../src/store/index.js'
import { onEachDatabase, storeFor } from './support.js'

onEachDatabase(t, (t, { fresh }) => {
  t.test('the default account is there, and owns tokens made without naming one', async (t) => {
    const { accounts, tokens } = await storeFor(t, await fresh(t))
    t.match(await accounts.list(), [{ id: DEFAULT_ACCOUNT, name: 'default', disabledAt: null }])
    await tokens.create('a')
    t.match(await tokens.list(), [{ accountId: DEFAULT_ACCOUNT, rights: null, expiresAt: null }])
  })

  t.test('accounts are made, found by id and name, and disabled once', async (t) => {
    const { accounts } = await storeFor(t, await fresh(t))
    const made = await accounts.create('alice@example.com')
    t.match(made, { id: /^acc_\w{17}$/, name: 'alice@example.com', disabledAt: null })
    t.strictSame(await accounts.get(made.id), made)
    t.strictSame(await accounts.get('alice@example.com'), made)
    const disabled = await accounts.disable('alice@example.com')
    t.ok(disabled.disabledAt)
    t.strictSame(await accounts.disable(made.id), disabled, 'again changes nothing')
    t.strictSame(await accounts.get(made.id), disabled)
    t.equal((await accounts.list()).length, 2)
    t.strictSame(await accounts.enable('alice@example.com'), made)
    t.strictSame(await accounts.enable(made.id), made, 'again changes nothing')
  })

  t.test('a name is unique, also at once, and checked', async (t) => {
    const { accounts } = await storeFor(t, await fresh(t))
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => accounts.create('bob')))
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    await t.rejects(accounts.create('bob'), { name: 'RefusedError', code: 'UR_ACCOUNT_NAME_TAKEN' })
    for (const bad of ['', 'a b', 'acc_1', 'x'.repeat(65)]) {
      await t.rejects(accounts.create(bad), { name: 'ConfigError', code: 'UR_ACCOUNT_NAME_INVALID' }, bad)
    }
  })

  t.test('what is not there says so', async (t) => {
    const { accounts, tokens } = await storeFor(t, await fresh(t))
    const missing = { name: 'RefusedError', code: 'UR_ACCOUNT_NOT_FOUND' }
    await t.rejects(accounts.get('ghost'), missing)
    await t.rejects(accounts.get('acc_ghost'), missing)
    await t.rejects(accounts.disable('ghost'), missing)
    await t.rejects(accounts.enable('ghost'), missing)
    await t.rejects(tokens.create('a', { accountId: 'acc_ghost' }), missing)
    t.strictSame(await tokens.list(), [])
  })

  t.test('a token keeps its account, rights and expiry', async (t) => {
    const { accounts, tokens } = await storeFor(t, await fresh(t))
    const { id: accountId } = await accounts.create('alice')
    const given = { accountId, rights: { kinds: ['tcp'], ports: ['20000-20010'] }, expiresAt: new Date('2030-01-02') }
    await tokens.create('a', given)
    t.match(await tokens.list(), [given])
  })
})
