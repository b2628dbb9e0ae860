import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import {
  DEFAULT_ACCOUNT,
  lookAtStore,
  type MigrationStep,
  openStore,
  SCHEMA_VERSION,
  tokenHash,
} from '../../src/store/index.js'
import { onEachDatabase, outputOf, scriptOn, startScript, storeFor } from './support.js'

const recorded = new URL('recorded/', import.meta.url)

interface RecordedToken {
  readonly id: string
  readonly name: string
  readonly token: string
  readonly createdAt: string
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

onEachDatabase(t, (t, { kind, fresh, execute }) => {
  t.test('from every earlier schema, with all that is in it', async (t) => {
    const dump = new RegExp(`^v(\\d+)\\.${kind}\\.sql$`)
    const versions = readdirSync(recorded).flatMap((name) => dump.exec(name)?.[1] ?? [])
    t.equal(versions.length, SCHEMA_VERSION - 1, 'a dump of each earlier schema is recorded')
    for (const version of versions) {
      const options = await fresh(t)
      const read = (end: string) => readFileSync(new URL(`v${version}.${kind}.${end}`, recorded), 'utf8')
      await execute(options, read('sql'))
      t.match(await lookAtStore(options), { version: Number(version), pending: [{ version: Number(version) + 1 }] })
      const { tokens, accounts, reservations } = await storeFor(t, options)
      t.match(await accounts.list(), [{ id: DEFAULT_ACCOUNT, name: 'default' }])
      const kept = version === '1' ? [] : ['shop', 'shop.example.org']
      t.strictSame(
        (await reservations.changedSince(0)).records.map(({ value }) => value),
        kept,
      )
      const before = JSON.parse(read('json')) as RecordedToken[]
      const list = await tokens.list()
      t.equal(list.length, before.length)
      for (const { token, ...rest } of before) {
        const found = await tokens.findByHash(tokenHash(token))
        t.match(JSON.parse(JSON.stringify(found)), {
          ...rest,
          accountId: DEFAULT_ACCOUNT,
          rights: null,
          expiresAt: null,
        })
      }
      const revoked = before.filter(({ revokedAt }) => revokedAt !== null)
      t.equal(revoked.length, 2)
      t.strictSame(
        (await tokens.revokedSince(0)).ids,
        [...revoked].sort((a, b) => (String(a.revokedAt) < String(b.revokedAt) ? -1 : 1)).map(({ id }) => id),
      )
      await t.rejects(tokens.create('laptop'), { code: 'UR_TOKEN_NAME_TAKEN' })
      await tokens.create('ci')
      await tokens.revoke('laptop')
      t.equal((await tokens.revokedSince(2)).cursor, 3)
    }
  })

  t.test('a newer schema is refused and left alone', async (t) => {
    const options = await fresh(t)
    await (await openStore(options)).close()
    await execute(options, `update schema_version set version = ${SCHEMA_VERSION + 5}`)
    const newer = {
      name: 'StoreError',
      code: 'UR_STORE_NEWER',
      message: new RegExp(`version ${SCHEMA_VERSION + 5}.*up to ${SCHEMA_VERSION}`),
    }
    await t.rejects(openStore(options), newer)
    await t.rejects(lookAtStore(options), newer)
  })

  t.test('many that start at once migrate once', async (t) => {
    const options = await fresh(t)
    const stores = await Promise.all(Array.from({ length: 8 }, () => storeFor(t, options)))
    await Promise.all(stores.map(({ tokens }, i) => tokens.create(`from-${i}`)))
    t.equal((await stores[0]?.tokens.list())?.length, 8)
  })

  t.test('of processes that migrate at once each step is done by one', async (t) => {
    const options = await fresh(t)
    const script = `${scriptOn(options)}
      console.log(JSON.stringify(await migrateStore(options)))`
    const child = async () => {
      return JSON.parse(await outputOf(script)) as MigrationStep[]
    }
    const done = (await Promise.all([child(), child(), child()])).flat()
    const versions = done.map(({ version }) => version).sort((a, b) => a - b)
    t.strictSame(
      versions,
      Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1),
    )
    t.match(await lookAtStore(options), { version: SCHEMA_VERSION, pending: [] })
  })

  t.test('a process that is killed among 1000 writes has lost none that it was told of', async (t) => {
    const options = await fresh(t)
    const script = `${scriptOn(options)}
      const { tokens } = await openStore(options)
      const write = async (lane) => {
        for (let i = 0; i < 250; i++) console.log((await tokens.create('n' + lane + '-' + i)).id)
      }
      await Promise.all([write(0), write(1), write(2), write(3)])`
    const writer = await startScript(script)
    t.teardown(() => writer.stop('SIGKILL'))
    let lines = 0
    await writer.line(() => ++lines === 400)
    t.match(await writer.stop('SIGKILL'), { signal: 'SIGKILL' })
    const told = writer.out
    const { tokens } = await storeFor(t, options)
    const there = new Set((await tokens.list()).map(({ id }) => id))
    t.ok(told.length >= 400 && told.length < 1000, `${told.length} were told of`)
    t.strictSame(
      told.filter((id) => !there.has(id)),
      [],
    )
    await tokens.create('after')
  })

  t.test('after close every call is UR_STORE_CLOSED, and closing twice is fine', async (t) => {
    const store = await openStore(await fresh(t))
    await store.close()
    await store.close()
    await t.rejects(store.tokens.list(), { name: 'StoreError', code: 'UR_STORE_CLOSED' })
    await t.rejects(store.tokens.create('a'), { name: 'StoreError', code: 'UR_STORE_CLOSED' })
    await t.rejects(store.tokens.revoke('a'), { name: 'StoreError', code: 'UR_STORE_CLOSED' })
  })
})
