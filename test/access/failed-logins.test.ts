import t from 'tap'
import { FailedLogins, networkOf } from '../../src/access/failed-logins.js'

function limiter(options: { failures?: number; windowMs?: number; addresses?: number } = {}) {
  const clock = { time: 0, now: () => clock.time }
  return { clock, logins: new FailedLogins({ clock, failures: 3, windowMs: 1000, ...options }) }
}

t.test('an address is blocked after its failures, alone, for a window', (t) => {
  const { clock, logins } = limiter()
  for (let i = 0; i < 3; i++) {
    t.equal(logins.blockedFor('192.0.2.1'), 0)
    t.equal(logins.add('192.0.2.1'), i === 2)
    clock.time += 100
  }
  t.equal(logins.blockedFor('192.0.2.1'), 900)
  t.equal(logins.blockedFor('192.0.2.2'), 0)
  clock.time = 1200
  t.equal(logins.blockedFor('192.0.2.1'), 0)
  logins.add('192.0.2.1')
  t.equal(logins.blockedFor('192.0.2.1'), 0, 'a new window counts from one')
  t.end()
})

t.test('each ban is twice as long as the one before, up to a bound, until an hour was quiet', (t) => {
  const { clock, logins } = limiter({ windowMs: 60_000 })
  const ban = (): number => {
    for (let i = 0; i < 3; i++) logins.add('192.0.2.1')
    const ms = logins.blockedFor('192.0.2.1')
    clock.time += ms
    return ms / 60_000
  }
  t.same([ban(), ban(), ban(), ban(), ban(), ban()], [1, 2, 4, 8, 15, 15])
  clock.time += 3_600_001
  t.equal(ban(), 1)
  t.end()
})

t.test('memory is bounded: the address that failed longest ago is forgotten', (t) => {
  const { logins } = limiter({ failures: 1, addresses: 100 })
  for (let i = 0; i < 1000; i++) {
    logins.add(`10.0.${i >> 8}.${i & 255}`)
    logins.add('192.0.2.1')
  }
  t.equal(logins.size, 100)
  t.ok(logins.blockedFor('192.0.2.1') > 0, 'who goes on failing is not forgotten')
  t.equal(logins.blockedFor('10.0.0.0'), 0)
  t.end()
})

t.test('what is counted together', (t) => {
  const cases = [
    ['192.0.2.7', 'c0000207'],
    ['::ffff:192.0.2.7', 'c0000207'],
    ['2001:db8:1:2:3:4:5:6', '20010db800010002'],
    ['2001:0db8:0001:0002::', '20010db800010002'],
    ['2001:db8::1', '20010db800000000'],
    ['fe80::1%eth0', 'fe80000000000000'],
    ['1::2:3:4:5:6', '0001000000000002'],
  ] as const
  for (const [address, network] of cases) t.equal(networkOf(address), network, address)
  t.end()
})
