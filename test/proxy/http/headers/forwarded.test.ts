import t from 'tap'
import { nodeAddress, plainAddress, visitorBehind } from '../../../../src/proxy/http/headers/index.js'
import { forward } from './support.js'

const SPOOFED = [
  ...[
    'Forwarded',
    'for=6.6.6.6',
    'X-Forwarded-For',
    '6.6.6.6',
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Host',
    'evil.example',
  ],
  ...['X-Forwarded-Port', '1', 'X-Forwarded-Prefix', '/evil', 'X-Forwarded-User', 'root', 'X-Real-IP', '6.6.6.6'],
]

t.test('a visitor’s word on who he is does not count', async (t) => {
  const { fields, values } = forward(SPOOFED)
  t.notOk(
    fields.some((part) => /6\.6\.6\.6|evil|root/.test(part)),
    'nothing of it is left',
  )
  t.same(values('x-forwarded-for'), ['203.0.113.9'])
  t.same(values('x-forwarded-proto'), ['https'])
})

t.test('nor does it under names that CGI takes for the same', async (t) => {
  const underscored = SPOOFED.map((part, i) => (i % 2 === 0 ? part.replaceAll('-', '_') : part))
  for (const fields of [underscored, underscored.map((part, i) => (i % 2 === 0 ? part.toUpperCase() : part))]) {
    t.notOk(forward(fields).fields.some((part) => /6\.6\.6\.6|evil|root/.test(part)))
    t.notOk(
      forward(fields, { peerTrusted: true }).fields.some((part) => /evil|root/.test(part)),
      'even from a proxy',
    )
  }
  t.same(forward(['X-Mine_Too', '1', 'x_mine', '2']).values('x_mine'), ['2'], 'other names with underscores stay')
})

t.test('a trusted proxy’s word is kept and added to', async (t) => {
  const { values } = forward(
    [
      ...['Forwarded', 'for=198.51.100.7', 'X-Forwarded-For', '198.51.100.7', 'x-forwarded-for', '10.0.0.1'],
      ...[
        'X-Forwarded-Proto',
        'http',
        'X-Forwarded-Host',
        'www.example.com',
        'X-Forwarded-Port',
        '80',
        'X-Real-IP',
        '198.51.100.7',
      ],
    ],
    { peerTrusted: true, peer: '10.0.0.2' },
  )
  t.same(values('forwarded'), ['for=198.51.100.7, for=10.0.0.2;host=shop.example.com;proto=https'])
  t.same(values('x-forwarded-for'), ['198.51.100.7, 10.0.0.1, 10.0.0.2'])
  t.same(values('x-forwarded-proto'), ['http'])
  t.same(values('x-forwarded-host'), ['www.example.com'])
  t.same(values('x-forwarded-port'), ['80'])
  t.same(values('x-real-ip'), ['198.51.100.7'])
})

t.test('what a trusted proxy left out, wrote twice or wrongly is what is seen here', async (t) => {
  const wrong = [
    'X-Forwarded-Proto',
    'gopher',
    'X-Forwarded-Host',
    'a',
    'x-forwarded-host',
    'b',
    'X-Forwarded-Port',
    '99999999',
  ]
  for (const fields of [[], wrong]) {
    const { values } = forward(fields, { peerTrusted: true, peer: '10.0.0.2' })
    t.same(values('x-forwarded-for'), ['10.0.0.2'])
    t.same(values('x-forwarded-proto'), ['https'])
    t.same(values('x-forwarded-host'), ['shop.example.com'])
    t.same(values('x-forwarded-port'), ['443'])
  }
})

t.test('Forwarded quotes what has to be (RFC 7239 §4 and §6)', async (t) => {
  const { values } = forward([], {
    peer: '2001:db8::1',
    authority: 'shop.example.com:8443',
    scheme: 'http',
    port: 8443,
  })
  t.same(values('forwarded'), ['for="[2001:db8::1]";host="shop.example.com:8443";proto=http'])
  t.same(values('x-forwarded-for'), ['2001:db8::1'])
  t.same(forward([], { authority: 'a",for=6.6.6.6;x="\\' }).values('forwarded'), [
    'for=203.0.113.9;host="a\\",for=6.6.6.6;x=\\"\\\\";proto=https',
  ])
})

const TRUSTED = (address: string) => address.startsWith('10.') || address === 'fd00::1'

t.test('the visitor behind proxies is the last address that is none of theirs', async (t) => {
  const visitor = (...chain: string[]) =>
    visitorBehind(
      chain.flatMap((value) => ['X-Forwarded-For', value]),
      '10.0.0.9',
      TRUSTED,
    )
  t.equal(visitor(), '10.0.0.9')
  t.equal(visitor('198.51.100.7'), '198.51.100.7')
  t.equal(
    visitor('6.6.6.6, 198.51.100.7, 10.0.0.1'),
    '198.51.100.7',
    'what the visitor wrote himself stands left of it',
  )
  t.equal(visitor('6.6.6.6', '198.51.100.7, fd00::1', '10.0.0.1'), '198.51.100.7')
  t.equal(visitor('10.0.0.3, 10.0.0.1'), '10.0.0.3', 'proxies only: the first of them')
  t.equal(visitor('6.6.6.6, unknown, 10.0.0.1'), '10.0.0.1', 'nothing is believed beyond what is no address')
  t.equal(visitor('198.51.100.7:4711, [fd00::1]:80'), '198.51.100.7')
  t.equal(visitor('6.6.6.6, ::ffff:198.51.100.7'), '198.51.100.7')
  t.equal(
    visitor(`198.51.100.7, ${'10.0.0.1, '.repeat(5000)}10.0.0.1`),
    '10.0.0.1',
    'and not through any number of them',
  )
})

t.test('addresses as proxies write them', async (t) => {
  t.equal(nodeAddress(' 192.0.2.1 '), '192.0.2.1')
  t.equal(nodeAddress('192.0.2.1:80'), '192.0.2.1')
  t.equal(nodeAddress('2001:db8::1'), '2001:db8::1')
  t.equal(nodeAddress('[2001:db8::1]'), '2001:db8::1')
  t.equal(nodeAddress('[2001:db8::1]:80'), '2001:db8::1')
  for (const node of [
    '',
    'unknown',
    '_hidden',
    '192.0.2.300',
    '[192.0.2.1]:80',
    '[::1',
    'example.com:80',
    '1.2.3.4:999999',
  ])
    t.equal(nodeAddress(node), null, node)
})

t.test('addresses as sockets report them', async (t) => {
  t.equal(plainAddress('192.0.2.1'), '192.0.2.1')
  t.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(plainAddress('::FFFF:192.0.2.1'), '192.0.2.1')
  t.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
})
