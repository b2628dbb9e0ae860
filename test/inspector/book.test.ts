import t from 'tap'
import fc from 'fast-check'
import { ExchangeBook } from '../../src/inspector/book.js'
import { costOf } from '../../src/inspector/cost.js'
import type { Exchange } from '../../src/inspector/exchange.js'
import { exchange } from './support.js'

const ONE = costOf(exchange('0000000000000000'))

function filled(book: ExchangeBook, count: number, parts: Partial<Exchange> = {}): Exchange[] {
  return Array.from({ length: count }, () => {
    const added = exchange(book.nextId(1_000), parts)
    book.add(added)
    return added
  })
}

t.test('ids sort in the order in which they are given out, whatever the clock does', async (t) => {
  const book = new ExchangeBook(ONE)
  const ids = [5_000.5, 5_000.9, 4_000, 5_001, 5_001, 3_000, 1_764_379_200_000].map((ms) => book.nextId(ms))
  t.same(ids, [...ids].sort())
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) t.match(id, /^[0-9a-f]{16}$/)
  const many = Array.from({ length: 0x10_0010 }, () => book.nextId(7)).slice(-32)
  t.same(many, [...many].sort(), 'also of more than a million in a millisecond')
  t.ok(many.at(-1)! > many[0]!)
})

t.test('to make room the finished ones go first, the oldest of them first', async (t) => {
  const book = new ExchangeBook(4 * ONE)
  const open = exchange(book.nextId(1), { state: 'open' })
  book.add(open)
  const [a, b, c] = filled(book, 3)
  t.equal(book.size, 4)
  t.equal(book.forgotten, 0)
  const [d] = filled(book, 1)
  t.same([...book.newestFirst()], [d, c, b, open])
  t.equal(book.get(a!.id), undefined)
  t.equal(book.forgotten, 1)
  t.equal(book.changed(a!, 1), false, 'who writes to a forgotten one is told')
  t.equal(book.bytes, 4 * ONE, 'and that counts for nothing')
  t.equal(book.changed(d!, ONE), true)
  t.same([...book.newestFirst()], [d, c, open], 'growing makes room too')
})

t.test('of open ones the oldest goes when there are no others', async (t) => {
  const book = new ExchangeBook(2 * ONE)
  const [a, b] = filled(book, 2, { state: 'open' })
  const c = exchange(book.nextId(9), { state: 'open' })
  t.equal(book.add(c), true)
  t.same([...book.newestFirst()], [c, b])
  t.equal(book.changed(a!, 0), false)
})

t.test('one that is larger than all that may be kept is not kept', async (t) => {
  const book = new ExchangeBook(2 * ONE)
  filled(book, 2)
  const events: Exchange[] = []
  book.on('exchange', (changed) => events.push(changed))
  const large = exchange(book.nextId(9), { target: '/'.padEnd(2 * ONE) })
  t.equal(book.add(large), false)
  t.equal(book.size, 0)
  t.equal(book.bytes, 0)
  t.equal(events.length, 0)
})

t.test('it tells of what is added, changed and cleared', async (t) => {
  const book = new ExchangeBook(10 * ONE)
  const told: string[] = []
  book.on('exchange', ({ id, state }) => told.push(`${id} ${state}`))
  book.on('cleared', () => told.push('cleared'))
  const one = exchange(book.nextId(1), { state: 'open' })
  book.add(one)
  one.state = 'done'
  book.changed(one, 10)
  book.clear()
  book.changed(one, 10)
  t.same(told, [`${one.id} open`, `${one.id} done`, 'cleared'])
  t.equal(book.bytes, 0)
  t.equal(book.size, 0)
  t.equal(book.forgotten, 0)
  filled(book, 11)
  t.equal(book.size, 10, 'and goes on after that')
})

t.test('pages go on from an id, whether it is kept or not', async (t) => {
  const book = new ExchangeBook(4 * ONE)
  const all = filled(book, 6)
  t.same([...book.newestFirst(all[4]!.id)], [all[3], all[2]])
  t.same([...book.newestFirst(all[0]!.id)], [])
  t.same([...book.newestFirst('0'.repeat(16))], [])
  t.same([...book.newestFirst('f'.repeat(16))], all.slice(2).reverse())
  const walk = book.newestFirst()
  walk.next()
  book.clear()
  t.equal(walk.next().done, true)
})

t.test('its bytes are the sum of what it keeps and never above the limit, whatever happens', async (t) => {
  const step = fc.oneof(
    fc.record({ what: fc.constant('add' as const), open: fc.boolean(), length: fc.nat(3 * ONE) }),
    fc.record({ what: fc.constant('grow' as const), which: fc.nat(20), length: fc.nat(ONE) }),
    fc.record({ what: fc.constant('finish' as const), which: fc.nat(20) }),
    fc.record({ what: fc.constant('clear' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const book = new ExchangeBook(5 * ONE)
      const made: Exchange[] = []
      for (const step of steps) {
        if (step.what === 'add') {
          const target = '/'.padEnd(step.length + 1)
          made.push(exchange(book.nextId(1), { state: step.open ? 'open' : 'done', target }))
          book.add(made.at(-1)!)
        } else if (step.what === 'clear') book.clear()
        else {
          const one = made[step.which % Math.max(1, made.length)]
          if (one === undefined) continue
          const before = costOf(one)
          if (step.what === 'finish') one.state = 'done'
          else one.host = one.host.padEnd(one.host.length + step.length)
          book.changed(one, costOf(one) - before)
        }
        const kept = [...book.newestFirst()]
        const sum = kept.reduce((bytes, one) => bytes + costOf(one), 0)
        if (book.bytes !== sum || sum > book.limitBytes || kept.length !== book.size) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
})
