import t from 'tap'
import {
  isHost,
  isSubdomain,
  networkMatcher,
  parseHostPort,
  parseListenAddress,
  parseNetwork,
  parsePortRange,
  type Network,
} from '../../src/config/addresses.js'

t.test('listen addresses', async (t) => {
  t.same(parseListenAddress(443), { host: undefined, port: 443 })
  t.same(parseListenAddress(':0'), { host: undefined, port: 0 })
  t.same(parseListenAddress('127.0.0.1:8443'), { host: '127.0.0.1', port: 8443 })
  t.same(parseListenAddress('[::]:443'), { host: '::', port: 443 })
  for (const wrong of [
    '',
    'x',
    '::1:443',
    '[::1]',
    '[x]:1',
    '1.2.3:4',
    'a:70000',
    65_536,
    -1,
    0.5,
    'a:b',
    '127.0.0.1:',
  ]) {
    t.equal(parseListenAddress(wrong), undefined, String(wrong))
  }
})

t.test('host and port', async (t) => {
  t.same(parseHostPort('a.example.com', 443), { host: 'a.example.com', port: 443 })
  t.same(parseHostPort('[::1]:1', 443), { host: '::1', port: 1 })
  for (const wrong of [
    'a.example.com',
    'https://a.example.com:1',
    'a:0',
    'a b:1',
    '-a:1',
    'a..b:1',
    ':1',
    `${'a'.repeat(64)}:1`,
  ]) {
    t.equal(parseHostPort(wrong), undefined, wrong)
  }
})

t.test('hosts', async (t) => {
  t.ok(['localhost', 'a-b.example.com', 'my_db', '10.0.0.1', '::1', 'xn--bcher-kva.example'].every(isHost))
  t.notOk(['', '1.2.3', '300.0.0.1', 'a/b', 'ä.example', 'a.-b'].some(isHost))
})

t.test('port ranges', async (t) => {
  t.same(parsePortRange('20000-29999'), { host: undefined, from: 20_000, to: 29_999 })
  t.same(parsePortRange(25_432), { host: undefined, from: 25_432, to: 25_432 })
  t.same(parsePortRange('[::1]:1-2'), { host: '::1', from: 1, to: 2 })
  for (const wrong of ['2-1', '0-5', '1-70000', 'a', '1-', '-1', 'bad host:1-2', 0.5])
    t.equal(parsePortRange(wrong), undefined, String(wrong))
})

t.test('networks', async (t) => {
  const networks = ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'].map(parseNetwork) as Network[]
  const trusted = networkMatcher(networks)
  t.same(['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1', '192.0.2.1'].map(trusted), [true, true, true, true])
  t.same(['11.0.0.1', '::ffff:11.0.0.1', 'fe80::1', '192.0.2.2', 'nonsense', ''].map(trusted), Array(6).fill(false))
  t.same(['10.0.0.0/33', 'x', '::/129', '10.0.0.0/', '10.0/8', ''].map(parseNetwork), Array(6).fill(undefined))
  t.notOk(networkMatcher([])('10.0.0.1'), 'nobody is trusted without a list')
})

t.test('one label below the domain of a server', async (t) => {
  for (const text of ['shop', 'S', 'a-1', 'b\u00fccher', 'x'.repeat(63)]) t.ok(isSubdomain(text), text)
  for (const text of ['', 'a.b', 'a_b', '-a', 'a-', 'a%62', 'b\u00fc%2ecom', 'b\u00fc.com', 'a/b', 'x'.repeat(64), '*'])
    t.notOk(isSubdomain(text), text)
})
