import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RightsBook } from '../../../src/access/index.js'
import { StoreError } from '../../../src/core/errors.js'
import { silentLogger } from '../../../src/core/logger.js'
import { openStore, type Store } from '../../../src/store/index.js'

const NEVER_MS = 2 ** 30
const NOON = Date.parse('2026-11-28T12:00:00Z')
const LIMITED = { rights: { bytes_per_day: 1000 }, accountDisabledAt: null, rightsChange: 0 }

async function storeFor(t: Test): Promise<Store> {
  const store = await openStore({ file: join(t.testdir({}), 'uniroute.db') })
  t.teardown(() => store.close())
  return store
}

function bookOn(usage: ConstructorParameters<typeof RightsBook>[0]['usage'], now = () => NOON): RightsBook {
  return new RightsBook({ usage, log: silentLogger, domain: 'example.com', writeMs: NEVER_MS, now })
}

t.test('bytes of the day survive a restart, and the day itself does not', async (t) => {
  const store = await storeFor(t)
  const { id } = await store.tokens.create('a')
  let now = NOON
  const first = bookOn(store.tokenUsage, () => now)
  await first.login({ id, ...LIMITED })
  first.of(id).usage.add(600)
  t.equal(first.of(id).spentProblem(), null)
  await first.write()
  first.of(id).usage.add(300)
  await first.close()

  const second = bookOn(store.tokenUsage, () => now)
  await second.login({ id, ...LIMITED })
  await second.login({ id, ...LIMITED })
  t.equal(second.of(id).usage.bytes, 900, 'counted once, however many logins there are')
  second.of(id).usage.add(100)
  t.match(second.of(id).spentProblem(), { code: 'UR_QUOTA_BYTES', retryAfterMs: 12 * 3_600_000 })
  t.match(second.of(id).takeRequest(), { code: 'UR_QUOTA_BYTES' })

  now += 12 * 3_600_000
  t.equal(second.of(id).spentProblem(), null, 'a new day')
  second.of(id).usage.add(5)
  await second.close()
  t.equal(await store.tokenUsage.bytes(id, '2026-11-28'), 900)
  t.equal(await store.tokenUsage.bytes(id, '2026-11-29'), 5)
})

t.test('a limit that comes at noon counts what was before, of a token without one nothing is written', async (t) => {
  const store = await storeFor(t)
  const { id } = await store.tokens.create('a')
  const book = bookOn(store.tokenUsage)
  await book.login({ id, rights: null, accountDisabledAt: null, rightsChange: 0 })
  book.of(id).usage.add(700)
  await book.write()
  t.equal(await store.tokenUsage.bytes(id, '2026-11-28'), 0)
  await book.change({ id, ...LIMITED, rightsChange: 1 })
  book.of(id).usage.add(300)
  t.match(book.of(id).spentProblem(), { code: 'UR_QUOTA_BYTES' })
  await book.close()
  t.equal(await store.tokenUsage.bytes(id, '2026-11-28'), 1000)
})

t.test('what a token without a limit used yesterday does not count today when it gets one', async (t) => {
  const store = await storeFor(t)
  const { id } = await store.tokens.create('a')
  let now = NOON
  const book = bookOn(store.tokenUsage, () => now)
  await book.login({ id, rights: null, accountDisabledAt: null, rightsChange: 0 })
  book.of(id).usage.add(5000)
  await book.write()
  now += 86_400_000
  book.of(id).usage.add(10)
  await book.change({ id, ...LIMITED, rightsChange: 1 })
  t.equal(book.of(id).usage.bytes, 10)
  await book.close()
})

t.test('a clock that jumps to another day and back, or by hours, forgets no bytes and counts none twice', async (t) => {
  const store = await storeFor(t)
  const { id } = await store.tokens.create('a')
  let now = NOON
  const book = bookOn(store.tokenUsage, () => now)
  await book.login({ id, ...LIMITED })
  const { usage } = book.of(id)
  const use = async (bytes: number) => {
    usage.add(bytes)
    await book.write()
    return usage.bytes
  }
  t.equal(await use(900), 900)
  now += 3 * 3_600_000
  t.equal(await use(10), 910, 'hours of the same day change nothing')
  now += 12 * 3_600_000
  t.equal(await use(20), 20, 'a day ahead')
  now -= 15 * 3_600_000
  t.equal(await use(30), 940, 'and back')
  now -= 15 * 3_600_000
  t.equal(await use(5), 5, 'a day behind')
  now += 15 * 3_600_000
  t.equal(await use(60), 1000)
  t.match(book.of(id).spentProblem(), { code: 'UR_QUOTA_BYTES' })
  await book.close()
  for (const [day, bytes] of [
    ['2026-11-27', 5],
    ['2026-11-28', 1000],
    ['2026-11-29', 20],
  ] as const) {
    t.equal(await store.tokenUsage.bytes(id, day), bytes, day)
  }
})

t.test('while a new day cannot be read nothing of it is written, which would count twice afterwards', async (t) => {
  const store = await storeFor(t)
  const { id } = await store.tokens.create('a')
  let [now, broken] = [NOON, false]
  const away = () => Promise.reject(new StoreError('UR_STORE_UNREACHABLE', 'away'))
  const book = bookOn(
    {
      bytes: (token, day) => (broken ? away() : store.tokenUsage.bytes(token, day)),
      add: (used) => store.tokenUsage.add(used),
      prune: (day) => store.tokenUsage.prune(day),
    },
    () => now,
  )
  await book.login({ id, ...LIMITED })
  await store.tokenUsage.add([{ tokenId: id, day: '2026-11-29', bytes: 700 }])
  now += 12 * 3_600_000
  broken = true
  book.of(id).usage.add(100)
  await book.write()
  t.equal(await store.tokenUsage.bytes(id, '2026-11-29'), 700)
  broken = false
  await book.write()
  t.equal(book.of(id).usage.bytes, 800, 'with what another server counted')
  await book.close()
  t.equal(await store.tokenUsage.bytes(id, '2026-11-29'), 800)
})

t.test('what cannot be written is written later, once', async (t) => {
  const store = await storeFor(t)
  const { id } = await store.tokens.create('a')
  let broken = true
  const book = bookOn({
    bytes: (token, day) => store.tokenUsage.bytes(token, day),
    add: (used) => (broken ? Promise.reject(new StoreError('UR_STORE_FULL', 'full')) : store.tokenUsage.add(used)),
    prune: () => Promise.reject(new StoreError('UR_STORE_FULL', 'full')),
  })
  await book.login({ id, ...LIMITED })
  book.of(id).usage.add(10)
  await book.write()
  await book.write()
  book.of(id).usage.add(1)
  broken = false
  await book.close()
  t.equal(await store.tokenUsage.bytes(id, '2026-11-28'), 11)
})

t.test('a token whose usage cannot be read is not let in as if it had used nothing', async (t) => {
  const failing = () => Promise.reject(new StoreError('UR_STORE_UNREACHABLE', 'away'))
  const book = bookOn({ bytes: failing, add: failing, prune: failing })
  await t.rejects(book.login({ id: 'tok_a', ...LIMITED }), { code: 'UR_STORE_UNREACHABLE' })
  t.throws(() => book.of('tok_b'), { name: 'StoreError', code: 'UR_TOKEN_UNCHECKED' })
  await book.close()
})

t.test('tokens that have nothing are forgotten when there are too many, others are not', async (t) => {
  const none = { bytes: () => Promise.resolve(0), add: () => Promise.resolve(), prune: () => Promise.resolve() }
  const book = bookOn(none)
  const all = { rights: null, accountDisabledAt: null, rightsChange: 0 }
  await book.login({ id: 'busy', ...all })
  book.of('busy').sessions++
  await book.login({ id: 'idle', ...all })
  for (let i = 0; i < 10_000; i++) await book.login({ id: `t${i}`, ...all })
  t.ok(book.find('busy'))
  t.equal(book.find('idle'), undefined)
  await book.close()
})
