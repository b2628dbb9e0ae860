import t from 'tap'
import { RefusedError, StoreError } from '../../../src/core/errors.js'
import { silentLogger } from '../../../src/core/logger.js'
import { UsageMeter } from '../../../src/daemon/records/usage-meter.js'
import { WriteBehind } from '../../../src/daemon/records/write-behind.js'
import type { UsageRecord } from '../../../src/store/index.js'
import { Traffic } from '../../../src/tunnels/index.js'
import { eventually } from '../../support/hang.js'

const gone = (): StoreError => new StoreError('UR_STORE_UNREACHABLE', 'The database is away.')

/** A database that can be away, and refuses some items for ever. */
class Sink<T> {
  readonly written: T[] = []
  away = false
  refuses: (item: T) => boolean = () => false

  readonly write = async (batch: readonly T[]): Promise<void> => {
    await Promise.resolve()
    if (this.away) throw gone()
    if (batch.some(this.refuses)) throw new RefusedError('UR_ACCOUNT_NOT_FOUND', 'No such account.')
    this.written.push(...batch)
  }
}

const until = (what: string, is: () => boolean) =>
  eventually(what, () => (is() ? Promise.resolve() : Promise.reject(new Error('not yet'))))

t.test('items are written in their order, also those of the time when the database was away', async (t) => {
  const sink = new Sink<number>()
  const queue = new WriteBehind({ what: 'test', write: sink.write, most: 5, log: silentLogger, retryMs: 1, batch: 2 })
  queue.push(1, 2, 3)
  await until('the first', () => sink.written.length === 3)
  sink.away = true
  queue.push(4, 5, 6, 7, 8, 9, 10)
  t.equal(queue.waiting, 5)
  t.equal(queue.dropped, 2, 'what is too much is dropped, the newest first')
  sink.away = false
  await until('the others', () => queue.waiting === 0)
  t.strictSame(sink.written, [1, 2, 3, 4, 5, 6, 7, 8])
  await queue.close()
  queue.push(11)
  t.equal(queue.dropped, 3)
})

t.test('one item that is refused for ever does not keep the others back', async (t) => {
  const sink = new Sink<number>()
  sink.refuses = (item) => item === 3
  const queue = new WriteBehind({ what: 'test', write: sink.write, most: 99, log: silentLogger, retryMs: 1 })
  queue.push(1, 2, 3, 4)
  await until('the others', () => queue.waiting === 0)
  t.strictSame(sink.written, [1, 2, 4])
  t.equal(queue.dropped, 1)
})

t.test('at the end what is left is written, or lost when the database is still away', async (t) => {
  const sink = new Sink<number>()
  const queue = new WriteBehind({ what: 'test', write: sink.write, most: 99, log: silentLogger, retryMs: 60_000 })
  sink.away = true
  queue.push(1)
  await new Promise((resolve) => setImmediate(resolve))
  sink.away = false
  await queue.close()
  t.strictSame(sink.written, [1], 'without waiting for the next try')

  const lost = new WriteBehind({ what: 'test', write: sink.write, most: 99, log: silentLogger, retryMs: 60_000 })
  sink.away = true
  lost.push(2)
  await lost.close()
  t.equal(lost.waiting, 1)
})

t.test('usage: what came while the database was away is one row for each account and day', async (t) => {
  const sink = new Sink<UsageRecord>()
  const alice = new Traffic(null)
  const bob = new Traffic(null)
  let time = Date.parse('2026-01-31T23:59:00Z')
  const meter = new UsageMeter({
    traffic: () => [
      ['alice', alice],
      ['bob', bob],
    ],
    usage: { add: sink.write },
    log: silentLogger,
    now: () => time,
    retryMs: 1,
  })
  alice.addConnection()
  alice.addBytes(10, 20)
  meter.look()
  await until('the first row', () => sink.written.length === 1)
  t.strictSame(sink.written.splice(0), [
    { accountId: 'alice', day: '2026-01-31', connections: 1, requests: 0, bytesIn: 10, bytesOut: 20 },
  ])
  meter.look()
  sink.away = true
  for (let i = 0; i < 1_000; i++) {
    alice.addBytes(1, 2)
    bob.addRequest()
    meter.look()
  }
  time += 60_000
  alice.addBytes(5, 0)
  meter.look()
  t.ok(meter.waiting <= 5, `${meter.waiting} rows wait`)
  sink.away = false
  await meter.close()
  const sum = (of: string, day: string, key: 'bytesIn' | 'requests') =>
    sink.written.filter((row) => row.accountId === of && row.day === day).reduce((all, row) => all + row[key], 0)
  t.equal(sum('alice', '2026-01-31', 'bytesIn'), 1_000)
  t.equal(sum('alice', '2026-02-01', 'bytesIn'), 5)
  t.equal(sum('bob', '2026-01-31', 'requests'), 1_000)
  t.equal(meter.dropped, 0)
})
