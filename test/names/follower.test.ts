import { join } from 'node:path'
import t from 'tap'
import { Names } from '../../src/names/index.js'
import { DEFAULT_ACCOUNT, openStore, type ReservationRepository } from '../../src/store/index.js'
import { eventually } from '../support/hang.js'
import { RecordedLog } from '../support/log.js'
import { DOMAIN } from './support.js'

const WATCH = { resolvers: [], timeoutMs: 500, intervalMs: 86_400_000, graceMs: 0 }

t.test('follows what others reserve and give up, also after the database was away', async (t) => {
  const file = join(t.testdir({}), 'uniroute.db')
  const [store, other] = [await openStore({ file }), await openStore({ file })]
  const { id: alice } = await other.accounts.create('alice')
  const first = await other.reservations.reserve({ accountId: alice, kind: 'subdomain', value: 'first' })
  let away = false
  const reservations: Pick<ReservationRepository, 'changedSince' | 'noteProof'> = {
    changedSince: (cursor) =>
      away ? Promise.reject(new Error('the database is away')) : store.reservations.changedSince(cursor),
    noteProof: () => Promise.resolve(true),
  }
  let changes = 0
  const log = new RecordedLog()
  const names = new Names({
    reservations,
    domain: 'Tunnels.Example.com.',
    rules: { refusedLabels: [], customDomains: 'reserved' },
    watch: () => WATCH,
    onChange: () => changes++,
    log,
    pollMs: 10,
  })
  t.teardown(async () => {
    await names.close()
    await Promise.all([store.close(), other.close()])
  })
  await names.start()
  const isFree = (label: string): boolean => {
    try {
      names.gate.checkHost(`${label}.${DOMAIN}`, DEFAULT_ACCOUNT)
      return true
    } catch {
      return false
    }
  }
  const until = (what: string, fits: () => boolean) =>
    eventually(what, () => (fits() ? Promise.resolve() : Promise.reject(new Error('not yet'))))
  t.equal(isFree('first'), false, 'what was there before counts from the start')
  t.equal(changes, 1)

  await other.reservations.reserve({ accountId: alice, kind: 'subdomain', value: 'second' })
  await until('the second name to be reserved', () => !isFree('second'))
  away = true
  await until('the failure to be logged', () => log.lines.some(({ level }) => level === 'error'))
  await other.reservations.release(first.id)
  await other.reservations.reserve({ accountId: alice, kind: 'subdomain', value: 'third' })
  t.equal(isFree('first'), false, 'what was reserved stays so')
  away = false
  await until('the third name to be reserved', () => !isFree('third'))
  t.equal(isFree('first'), true)
  t.equal(changes, 3)
  t.strictSame(
    log.lines.map(({ level }) => level),
    ['error', 'info'],
  )
})
