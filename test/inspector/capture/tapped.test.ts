import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import { Batches, BATCH_BYTES, MOST_BATCHES } from '../../../src/inspector/capture/batches.js'
import { Readers } from '../../../src/inspector/capture/readers.js'
import { readRecords, RecordKind } from '../../../src/inspector/capture/records.js'
import { Tapped, type TapTarget } from '../../../src/inspector/capture/tapped.js'
import type { ConnectionReader, Direction } from '../../../src/inspector/reader.js'
import { Random } from '../../support/random.js'

const MIB = 1024 ** 2
const CONNECTION = { tunnel: 'web', visitor: '198.51.100.7', protocol: 'http1' } as const

/** Both threads in one, with what the reader is told written down. */
class Bench implements TapTarget {
  generation = 1
  readonly told: string[] = []
  readonly bytes: Record<Direction, Buffer[]> = { 'to-upstream': [], 'to-visitor': [] }
  /** Batches that are not read yet. */
  readonly unread: { buffer: ArrayBuffer; used: number }[] = []
  closed = 0
  apart = 0
  /** What the reader asks for when it is given bytes. */
  wants: { direction: Direction; skip: number } | null = null
  readonly batches = new Batches((buffer, used) => this.unread.push({ buffer, used }))
  readonly tapped: Tapped
  readonly readers = new Readers({
    reader: ({ isUnderWay }, sink): ConnectionReader => {
      this.told.push(`open ${isUnderWay}`)
      const bytes = (direction: Direction) => (content: Buffer) => {
        this.told.push(`${direction} ${content.length}`)
        this.bytes[direction].push(Buffer.from(content))
        if (this.wants?.direction === direction) sink.skip(direction, this.wants.skip)
        this.wants = null
      }
      return {
        toUpstream: bytes('to-upstream'),
        toVisitor: bytes('to-visitor'),
        missed: (direction, count) => this.told.push(`${direction} missed ${count}`),
        end: (direction) => this.told.push(`${direction} end`),
        close: (problem) => this.told.push(`close ${problem}`),
      }
    },
    begin: () => () => {
      throw new Error('not here')
    },
    skip: (connection, direction, until) => {
      this.told.push(`skip ${connection} until ${until}`)
      this.tapped.skip(direction, until, this.generation)
    },
    failed: (error) => {
      throw error
    },
  })

  constructor(protocol: 'http1' | 'http2' = 'http1') {
    this.tapped = new Tapped(7, this, { ...CONNECTION, protocol })
  }

  writeApart(kind: RecordKind, connection: number, atMs: number, content: Buffer): void {
    this.apart++
    this.read()
    this.readers.handle(kind, connection, atMs, content)
  }

  closedTap(): void {
    this.closed++
  }

  /** Reads what was sent, and says how long it took. */
  read(tookMs = 0): void {
    for (const { buffer, used } of this.unread.splice(0)) {
      readRecords(buffer, used, (...record) => this.readers.handle(...record))
      this.batches.giveBack(buffer, tookMs)
    }
  }

  /** Others have so much under way that nothing new is begun. */
  crowd(): void {
    const bulk = Buffer.alloc((BATCH_BYTES * MOST_BATCHES) / 2 + BATCH_BYTES)
    this.batches.write(RecordKind.toVisitor, 99, 0, bulk, 0, bulk.length)
  }

  flush(): void {
    this.batches.flush()
    this.read()
  }
}

t.test('what passes is told in its order', async (t) => {
  const bench = new Bench()
  bench.tapped.toSocket(Buffer.from('hello'))
  bench.tapped.toStream(Buffer.from('..hi..'), 2, 4)
  bench.tapped.streamEnded()
  bench.tapped.socketEnded()
  bench.tapped.close(null)
  t.same(bench.told, [])
  bench.flush()
  t.same(bench.told, ['open false', 'to-upstream 5', 'to-visitor 2', 'to-upstream end', 'to-visitor end', 'close null'])
  t.equal(Buffer.concat(bench.bytes['to-upstream']).toString(), 'hello')
  t.equal(Buffer.concat(bench.bytes['to-visitor']).toString(), 'hi')
  t.equal(bench.closed, 1)
  t.equal(bench.readers.size, 0)
  const cut = new Bench()
  cut.tapped.close(new Error('it was reset'))
  cut.flush()
  t.same(cut.told, ['open false', 'close it was reset'])
})

t.test('a batch leaves by itself, full or soon', async (t) => {
  const bench = new Bench()
  bench.tapped.toSocket(Buffer.from('hello'))
  t.equal(bench.unread.length, 0)
  // Its timer holds no process.
  for (let i = 0; i < 500 && bench.unread.length === 0; i++) await delay(1)
  t.equal(bench.unread.length, 1)
  bench.read()
  bench.tapped.toSocket(Buffer.alloc(BATCH_BYTES, 1))
  t.equal(bench.unread.length, 1, 'one longer than a batch is cut')
  bench.flush()
  t.equal(Buffer.concat(bench.bytes['to-upstream']).length, 5 + BATCH_BYTES)
})

t.test('bytes of any cut and alignment arrive as they were', async (t) => {
  const random = new Random(1)
  const bench = new Bench()
  const sent: Buffer[] = []
  for (let i = 0; i < 3_000; i++) {
    const bytes = random.bytes(random.chance(0.02) ? random.below(100_000) : random.below(300))
    sent.push(Buffer.from(bytes))
    bench.tapped.toStream(bytes, 0, bytes.length)
    bytes.fill(0)
    bench.read()
  }
  bench.flush()
  t.ok(Buffer.concat(bench.bytes['to-visitor']).equals(Buffer.concat(sent)))
})

t.test('what is not wanted is not copied, and told where it ends', async (t) => {
  const bench = new Bench()
  bench.wants = { direction: 'to-visitor', skip: 100 }
  bench.tapped.toStream(Buffer.alloc(10), 0, 10)
  bench.flush()
  bench.told.length = 0
  bench.tapped.toSocket(Buffer.alloc(5))
  bench.tapped.toStream(Buffer.alloc(60), 0, 60)
  bench.tapped.toStream(Buffer.alloc(60, 2), 0, 60)
  bench.flush()
  t.same(bench.told.slice(-2), ['to-visitor missed 40', 'to-visitor 20'])
  t.equal(bench.told.filter((line) => line.includes('missed')).length, 2, 'on the way it is told how far it has come')
  t.equal(bench.readers.missedBytes, 0, 'that is no loss')
  bench.wants = { direction: 'to-visitor', skip: Infinity }
  bench.tapped.toStream(Buffer.alloc(10), 0, 10)
  bench.flush()
  bench.tapped.toStream(Buffer.alloc(1_000), 0, 1_000)
  bench.tapped.close(null)
  bench.flush()
  t.same(bench.told.slice(-2), ['to-visitor missed 1000', 'close null'])
})

t.test('what there is no room for is left out and counted; what must not be lost is not', async (t) => {
  const bench = new Bench('http2')
  const most = MOST_BATCHES * BATCH_BYTES
  const chunk = Buffer.alloc(64 * 1024)
  let sent = 0
  for (; sent < 2 * most; sent += chunk.length) bench.tapped.toStream(chunk, 0, chunk.length)
  t.equal(bench.unread.length, MOST_BATCHES, 'no more than that is under way')
  bench.tapped.toSocket(Buffer.from('lost too'))
  bench.read()
  bench.tapped.toStream(Buffer.from('seen'), 0, 4)
  bench.tapped.socketEnded()
  bench.flush()
  const seen = bench.bytes['to-visitor'].reduce((sum, { length }) => sum + length, 0)
  t.equal(bench.readers.missedBytes, sent + 4 - seen + 8)
  t.equal(bench.apart, 0)
  const order = bench.told.slice(-4)
  t.match(order[0], /to-visitor missed \d+/)
  t.same(order.slice(1), ['to-visitor 4', 'to-upstream missed 8', 'to-visitor end'])

  for (let i = 0; i < 2 * most; i += chunk.length) bench.tapped.toStream(chunk, 0, chunk.length)
  bench.tapped.close(null)
  t.ok(bench.apart > 0)
  bench.flush()
  t.equal(bench.told.at(-1), 'close null')
})

t.test('a thread that was started again is told of the connections that are there', async (t) => {
  const bench = new Bench()
  bench.tapped.toSocket(Buffer.from('a'))
  bench.flush()
  bench.tapped.skip('to-upstream', 1_000, 1)
  bench.generation = 2
  bench.told.length = 0
  bench.tapped.toSocket(Buffer.from('b'))
  bench.tapped.skip('to-upstream', 1_000, 1)
  bench.tapped.toSocket(Buffer.from('c'))
  bench.flush()
  t.same(bench.told, ['open true', 'to-upstream missed 1', 'to-upstream 1', 'to-upstream 1'])
})

t.test('when more comes than can be read, exchanges are left out whole, and told of before the next one', async (t) => {
  const bench = new Bench()
  const exchange = (request: string, answer: string) => {
    bench.tapped.toSocket(Buffer.from(request))
    bench.tapped.toStream(Buffer.from(answer), 0, answer.length)
  }
  exchange('GET /1', 'one')
  bench.crowd()
  exchange('GET /2', 'two')
  exchange('GET /333', 'three')
  bench.flush()
  t.notMatch(bench.told.join('|'), /missed/, 'what had begun is whole')
  bench.told.length = 0
  exchange('GET /4444', 'four')
  bench.flush()
  t.same(bench.told, ['to-upstream missed 14', 'to-visitor missed 8', 'to-upstream 9', 'to-visitor 4'])
})

t.test(
  'when reading took more of a processor than it may, exchanges are left out whole until it has rested',
  async (t) => {
    const bench = new Bench()
    const exchange = (request: string, answer: string) => {
      bench.tapped.toSocket(Buffer.from(request))
      bench.tapped.toStream(Buffer.from(answer), 0, answer.length)
    }
    exchange('GET /1', 'one')
    bench.batches.flush()
    bench.read(205)
    bench.told.length = 0
    exchange('GET /2', 'two')
    bench.flush()
    t.same(bench.told, [])
    // It may be 5 ms in 100.
    for (let i = 0; i < 1_000 && bench.batches.isCrowded; i++) await delay(1)
    exchange('GET /333', 'three')
    bench.flush()
    t.same(bench.told, ['to-upstream missed 6', 'to-visitor missed 3', 'to-upstream 8', 'to-visitor 5'])
  },
)

t.test('what is missing of an answer is told before exchanges are left out', async (t) => {
  const bench = new Bench()
  const bulk = Buffer.alloc(3 * MIB)
  bench.tapped.toSocket(Buffer.from('GET /1'))
  bench.crowd()
  bench.tapped.toStream(bulk, 0, bulk.length)
  bench.tapped.toSocket(Buffer.from('GET /2'))
  bench.tapped.toStream(bulk, 0, 7)
  bench.flush()
  t.equal(bench.told.at(-1), `to-visitor missed ${MIB}`)
  bench.told.length = 0
  bench.tapped.toSocket(Buffer.from('GET /3'))
  bench.flush()
  t.same(bench.told, ['to-upstream missed 6', 'to-visitor missed 7', 'to-upstream 6'])
})

t.test('a long body that comes at once leaves room for others, and is copied on once it was read', async (t) => {
  const bench = new Bench()
  const bulk = Buffer.alloc(5 * MIB)
  bench.tapped.toStream(bulk, 0, bulk.length)
  bench.tapped.toStream(bulk, 0, bulk.length)
  t.notOk(bench.batches.isCrowded)
  bench.flush()
  t.equal(Buffer.concat(bench.bytes['to-visitor']).length, 2 * MIB)
  bench.tapped.toStream(bulk, 0, 1_000)
  bench.flush()
  t.same(bench.told.slice(-2), [`to-visitor missed ${8 * MIB}`, 'to-visitor 1000'])
})

t.test('of HTTP/2 nothing is left out as long as there is room: the rest could not be read', async (t) => {
  const bench = new Bench('http2')
  const bulk = Buffer.alloc((BATCH_BYTES * MOST_BATCHES) / 2 + BATCH_BYTES)
  bench.tapped.toStream(bulk, 0, bulk.length)
  bench.tapped.toSocket(Buffer.from('more'))
  bench.flush()
  t.equal(bench.told.at(-1), 'to-upstream 4')
})
