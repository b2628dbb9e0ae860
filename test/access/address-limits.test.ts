import t from 'tap'
import { AddressCount, AddressRate, REMEMBERED_ADDRESSES } from '../../src/access/address-limits.js'

t.test('a rate is of one address, or of one /64, and another rate counts at once', (t) => {
  const clock = { time: 0, now: () => clock.time }
  const rate = new AddressRate(clock)
  const take = (address: string, perSecond = 2) => rate.take(address, perSecond)
  t.same([take('192.0.2.1'), take('::ffff:192.0.2.1'), take('192.0.2.1'), take('192.0.2.2')], [true, true, false, true])
  t.same(
    [take('2001:db8::1'), take('2001:db8::2'), take('2001:db8::3'), take('2001:db8:0:1::1')],
    [true, true, false, true],
  )
  clock.time += 500
  t.same([take('192.0.2.1'), take('192.0.2.1')], [true, false])
  t.same([take('192.0.2.1', 1), take('192.0.2.1', 1), take('192.0.2.1', 0)], [true, false, true], 'other rates')
  for (let i = 0; i < REMEMBERED_ADDRESSES + 100; i++) take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  t.equal(rate.size, REMEMBERED_ADDRESSES)
  t.end()
})

t.test('what is there at once of an address is counted until it is gone; with no bound nothing is', (t) => {
  const count = new AddressCount()
  const first = count.enter('192.0.2.1', 2)
  const second = count.enter('192.0.2.1', 2)
  t.equal(count.enter('192.0.2.1', 2), null)
  const other = count.enter('2001:db8::1', 1)
  t.equal(count.enter('2001:db8::ffff', 1), null)
  const free = count.enter('192.0.2.1', 0)
  t.equal(count.size, 2)
  second?.()
  const third = count.enter('192.0.2.1', 2)
  t.equal(count.enter('192.0.2.1', 2), null)
  for (const leave of [first, third, other, free]) leave?.()
  t.equal(count.size, 0)
  t.end()
})
