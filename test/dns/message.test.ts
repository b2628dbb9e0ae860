import t from 'tap'
import { addressData, txtData, usualValue } from '../../src/dns/data.js'
import { decodeMessage, encodeMessage, OPCODE, TYPE } from '../../src/dns/message.js'
import { DnsFormatError, encodeName, isWithin, readName, upwards } from '../../src/dns/name.js'
import { ANSWER } from '../support/fuzz-targets/dns.js'

t.test('an answer as servers write it', async (t) => {
  const answer = decodeMessage(ANSWER)
  t.match(answer, {
    id: 0x1234,
    isResponse: true,
    isAuthoritative: true,
    isTruncated: false,
    rcode: 0,
    questions: [{ name: 'www.example.org', type: TYPE.A }],
    authority: [{ name: 'example.org', type: TYPE.SOA, value: null }],
  })
  t.same(
    answer.answers.map(({ name, type, value }) => [name, type, value]),
    [
      ['www.example.org', TYPE.A, '192.0.2.1'],
      ['www.example.org', TYPE.AAAA, '2001:db8::1'],
      ['www.example.org', TYPE.CNAME, 'other.example.org'],
      ['example.org', TYPE.NS, 'ns.example.org'],
      ['www.example.org', TYPE.TXT, 'abcdef'],
      ['www.example.org', 99, null],
    ],
  )
})

t.test('an answer that is cut off anywhere, or longer than it says, is none', async (t) => {
  for (let length = 0; length < ANSWER.length; length++) {
    t.throws(() => decodeMessage(ANSWER.subarray(0, length)), DnsFormatError, `${length} bytes`)
  }
  t.throws(() => decodeMessage(Buffer.concat([ANSWER, Buffer.from([0])])), DnsFormatError)
})

t.test('names', async (t) => {
  const same = (name: string, as = name) => t.equal(readName(encodeName(name), 0).name, as, name)
  same('example.org')
  same('Example.ORG.', 'example.org')
  same('*.tunnels.example.org')
  same('_acme-challenge.example.org')
  same('a\\.b.example')
  same('a\\032\\000.example')
  same('', '')
  same(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`)
  for (const name of ['a..b', '.a', 'a'.repeat(64), `${'a.'.repeat(127)}bb`, 'bücher.example', 'a\\']) {
    t.throws(() => encodeName(name), DnsFormatError, name)
  }
  t.same(upwards('a.b.c'), ['a.b.c', 'b.c', 'c'])
  t.ok(isWithin('a.example', 'example'))
  t.ok(isWithin('example', 'example'))
  t.ok(isWithin('example', ''))
  t.notOk(isWithin('notexample', 'example'))
})

t.test('names that point to themselves, forward, or in a circle', async (t) => {
  const name = (hex: string, at = 0) => readName(Buffer.from(hex.replaceAll(' ', ''), 'hex'), at)
  t.throws(() => name('c000'), /points to itself/)
  t.throws(() => name('c002 00'), /later/)
  t.throws(() => name('0161 c000', 0), /points to itself/)
  t.throws(() => name('0161 c004 0162 c000', 4), DnsFormatError)
  t.throws(() => name('8000'), /unknown kind/)
  t.throws(() => name('c0'), /cut off/)
  t.throws(() => name('0461 62'), /cut off/)
  t.same(name('0161 00 0162 c000', 3), { name: 'b.a', next: 7 })
  const row = Buffer.concat([Buffer.from('0161 00'.replace(' ', ''), 'hex'), ...pointers(200)])
  t.throws(() => readName(row, row.length - 4), /too long/)
})

// Each a label in front of the one before: 2 bytes a label, so that 127 of them fill a name.
function pointers(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) =>
    Buffer.from([1, 0x62, 0xc0 | ((i * 4 - 1) >> 8), (i * 4 - 1) & 0xff]),
  ).map((bytes, i) => (i === 0 ? Buffer.from([1, 0x62, 0xc0, 0]) : bytes))
}

t.test('values', async (t) => {
  t.equal(txtData('').toString('hex'), '00')
  t.equal(txtData('ab').toString('hex'), '026162')
  t.same([txtData('x'.repeat(300)).length, txtData('x'.repeat(300))[256]], [302, 45])
  t.equal(addressData('A', '192.0.2.1').toString('hex'), 'c0000201')
  t.equal(addressData('AAAA', '2001:db8::1').toString('hex'), '20010db8000000000000000000000001')
  t.equal(addressData('AAAA', '::').toString('hex'), '0'.repeat(32))
  t.equal(addressData('AAAA', '::ffff:192.0.2.1').toString('hex'), '00000000000000000000ffffc0000201')
  t.equal(addressData('AAAA', '1:2:3:4:5:6:7:8').toString('hex'), '00010002000300040005000600070008')
  t.equal(usualValue('AAAA', '2001:DB8:0:0::1'), '2001:db8::1')
  t.equal(usualValue('CNAME', 'A.Example.'), 'a.example')
  for (const [type, value] of [
    ['A', '::1'],
    ['AAAA', '1.2.3.4'],
    ['AAAA', 'fe80::1%eth0'],
    ['A', ''],
  ] as const) {
    t.throws(() => addressData(type, value), DnsFormatError, value)
  }
})

t.test('a question', async (t) => {
  const question = { name: 'a.example', type: TYPE.TXT, class: 1 }
  const bytes = encodeMessage({ id: 0xabcd, opcode: OPCODE.QUERY, recursionDesired: true, questions: [question] })
  t.equal(bytes.toString('hex'), 'abcd010000010000000000000161076578616d706c650000100001')
  t.match(decodeMessage(bytes), { id: 0xabcd, isResponse: false, opcode: 0, questions: [question], answers: [] })
})
