import t from 'tap'
import { PingBook } from '../../src/wire/ping.js'

t.test('the round trip is smoothed, probes are told from pings, and unknown answers are ignored', async (t) => {
  let now = 0
  const book = new PingBook({ now: () => now })
  const probe = book.sent(null)
  t.equal(book.probing, true)
  now = 40
  t.equal(book.answered(probe), true)
  t.equal(book.probing, false)
  t.equal(book.rtt, 40)
  const ping = new Promise<number>((resolve, reject) => {
    const id = book.sent({ resolve, reject })
    now = 120
    t.equal(book.answered(id), false)
  })
  t.equal(await ping, 80)
  t.equal(book.rtt, 50)
  t.equal(book.answered(probe), false, 'an answer twice')
  t.equal(book.answered(4711), false)
})

t.test('the shortest round trip is kept for a while, and forgotten when the path has changed', async (t) => {
  let now = 0
  const book = new PingBook({ now: () => now })
  const roundTrip = (ms: number): void => {
    const id = book.sent(null)
    now += ms
    book.answered(id)
  }
  t.equal(book.leastRtt, null)
  for (const ms of [30, 10, 80]) roundTrip(ms)
  t.equal(book.leastRtt, 10)
  now += 31_000
  roundTrip(50)
  t.equal(book.leastRtt, 10, 'still known')
  now += 31_000
  roundTrip(60)
  t.equal(book.leastRtt, 50)
})

t.test('close rejects whoever waits', async (t) => {
  const book = new PingBook({ now: () => 0 })
  const ping = new Promise((resolve, reject) => book.sent({ resolve, reject }))
  book.close(new Error('gone'))
  await t.rejects(ping, { message: 'gone' })
})
