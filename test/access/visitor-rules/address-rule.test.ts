import t from 'tap'
import { AddressRule } from '../../../src/access/visitor-rules/address-rule.js'
import { networks } from './support.js'

const rule = (allow: string[], deny: string[] = []) => new AddressRule(networks(...allow), networks(...deny))

t.test('without lists everybody may come', async (t) => {
  t.ok(rule([]).allows('192.0.2.1'))
  t.ok(rule([]).allows('what is this'))
})

t.test('with allowed networks only they may', async (t) => {
  const office = rule(['198.51.100.0/24', '203.0.113.7', '2001:db8:1::/48'])
  for (const address of ['198.51.100.0', '198.51.100.255', '203.0.113.7', '2001:db8:1::1', '2001:DB8:1:ffff::'])
    t.ok(office.allows(address), address)
  for (const address of ['198.51.101.0', '203.0.113.8', '2001:db8:2::1', '::1', '', 'localhost', '198.51.100'])
    t.notOk(office.allows(address), address)
})

t.test('denied networks win over allowed ones', async (t) => {
  const most = rule(['10.0.0.0/8'], ['10.6.0.0/16', '2001:db8::/32'])
  t.ok(most.allows('10.5.255.255'))
  t.notOk(most.allows('10.6.0.1'))
  const others = rule([], ['10.6.0.0/16', '2001:db8::/32'])
  t.ok(others.allows('192.0.2.1'))
  t.ok(others.allows('2001:db9::1'))
  t.notOk(others.allows('10.6.255.255'))
  t.notOk(others.allows('2001:db8:ffff::1'))
  t.notOk(others.allows('unknown'), 'who has no address cannot be told from who is denied')
})

t.test('IPv4 is IPv4, however it is written', async (t) => {
  const denied = rule([], ['10.0.0.0/8'])
  for (const address of ['::ffff:10.1.2.3', '::FFFF:10.1.2.3', '::ffff:a01:203', '0:0:0:0:0:ffff:0a01:0203'])
    t.notOk(denied.allows(address), address)
  t.ok(denied.allows('::ffff:11.1.2.3'))
  const mapped = rule(['::ffff:10.0.0.0/104', '::ffff:192.0.2.1'])
  t.ok(mapped.allows('10.9.9.9'), 'a network written as IPv6 is that of IPv4')
  t.ok(mapped.allows('::ffff:10.9.9.9'))
  t.ok(mapped.allows('192.0.2.1'))
  t.notOk(mapped.allows('11.0.0.1'))
})

t.test('each family has its own list', async (t) => {
  t.notOk(rule(['::/0']).allows('192.0.2.1'), 'all of IPv6 is not IPv4')
  t.ok(rule(['::/0']).allows('2001:db8::1'))
  t.notOk(rule(['0.0.0.0/0']).allows('2001:db8::1'))
  t.ok(rule(['0.0.0.0/0']).allows('192.0.2.1'))
  t.ok(rule(['0.0.0.0/0', '::/0']).allows('2001:db8::1'))
})

t.test('a zone is left out', async (t) => {
  t.ok(rule(['fe80::/10']).allows('fe80::1%eth0'))
  t.notOk(rule([], ['fe80::/10']).allows('fe80::1%eth0'))
})

t.test('a network with bits behind its prefix is the network', async (t) => {
  t.ok(rule(['10.1.2.3/8']).allows('10.200.0.1'))
})

t.test('what is no network is refused at once', async (t) => {
  t.throws(() => new AddressRule([{ address: 'nonsense', prefix: 8 }], []), { name: 'RangeError' })
})

t.test('answers are remembered, and stay right for thousands of addresses', async (t) => {
  const even = rule(Array.from({ length: 128 }, (_, i) => `10.${2 * i}.0.0/16`))
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 4096; i++) {
      const address = `10.${i & 255}.${i >> 8}.1`
      if (even.allows(address) !== (i % 2 === 0)) t.fail(address)
    }
  }
})
