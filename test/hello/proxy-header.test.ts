import t from 'tap'
import { crc32c } from '../../src/hello/crc32c.js'
import { detectProxyHeader, encodeProxyHeader, parseProxyHeader } from '../../src/hello/proxy-header.js'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')
const v2 = (commandAndFamily: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length)
  return Buffer.concat([hex(SIGNATURE + commandAndFamily), length, body])
}
const tlv = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])
/** The header with a CRC32c TLV at its end. */
const summed = (commandAndFamily: string, body: Buffer): Buffer => {
  const header = v2(commandAndFamily, Buffer.concat([body, tlv(3, Buffer.alloc(4))]))
  header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}
const text = (line: string) => parseProxyHeader(Buffer.from(line, 'latin1'))
const V4 = hex('c0000201 cb007109 dc04 01bb')
const V6 = hex('20010db8000000000000000000000001 20010db8000000010000000000000002 dc04 01bb')
const ENDS_V4 = { source: { address: '192.0.2.1', port: 56324 }, destination: { address: '203.0.113.9', port: 443 } }
const ENDS_V6 = {
  source: { address: '2001:db8::1', port: 56324 },
  destination: { address: '2001:db8:0:1::2', port: 443 },
}
const NOBODY = { source: null, destination: null }

t.test('version 1', async (t) => {
  const line = 'PROXY TCP4 192.0.2.1 203.0.113.9 56324 443\r\n'
  const header = { version: 1, command: 'proxy', ...ENDS_V4 }
  t.same(text(line), { kind: 'ok', header, length: line.length })
  t.same(text(`${line}\x16\x03\x01`), { kind: 'ok', header, length: line.length }, 'payload behind it')
  for (let cut = 0; cut < line.length; cut++) t.equal(text(line.slice(0, cut)).kind, 'need', `cut at ${cut}`)
  t.match(text('PROXY TCP6 2001:db8::1 2001:db8:0:1::2 56324 443\r\n'), { header: { version: 1, ...ENDS_V6 } })
  t.match(text('PROXY TCP6 ::ffff:192.0.2.1 ::1 0 65535\r\n'), { kind: 'ok' })
  t.match(text('PROXY UNKNOWN\r\n'), { kind: 'ok', header: { command: 'proxy', ...NOBODY }, length: 15 })
  t.match(text('PROXY UNKNOWN ffff:f...f:ffff ffff 65535 65535\r\nrest'), { kind: 'ok', header: NOBODY, length: 48 })
})

t.test('version 1, not valid', async (t) => {
  const bad = [
    'GET / HTTP/1.1\r\n',
    'PROXY\r\n',
    'PROXY \r\n',
    'PROXY TCP4\r\n',
    'PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n',
    'PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.4 ::1 1 2\r\n',
    'PROXY TCP6 1.2.3.4 ::1 1 2\r\n',
    'PROXY TCP6 fe80::1%lo ::1 1 2\r\n',
    'PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n',
    'PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n',
    'PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n',
    'PROXY UNKNOWNX\r\n',
    'proxy UNKNOWN\r\n',
  ]
  for (const line of bad) t.equal(text(line).kind, 'invalid', JSON.stringify(line))
  const filler = 'PROXY UNKNOWN '.padEnd(105, 'x')
  t.match(text(`${filler}\r\n`), { kind: 'ok', length: 107 }, 'as long as it may be')
  t.equal(text(`${filler}x\r`).kind, 'invalid', 'no line end in 107 bytes')
  t.equal(text(`${filler}x`).kind, 'need', '106 bytes')
  t.match(text('SSH-2.0'), { reason: /does not begin with a PROXY/ })
})

t.test('version 2', async (t) => {
  const whole = v2('2111', V4)
  t.same(parseProxyHeader(whole), { kind: 'ok', header: { version: 2, command: 'proxy', ...ENDS_V4 }, length: 28 })
  for (let cut = 0; cut < whole.length; cut++)
    t.equal(parseProxyHeader(whole.subarray(0, cut)).kind, 'need', `cut at ${cut}`)
  t.match(parseProxyHeader(Buffer.concat([whole, V6])), { kind: 'ok', length: 28 }, 'payload behind it')
  t.match(parseProxyHeader(v2('2121', V6)), { kind: 'ok', header: ENDS_V6, length: 52 })
  const mapped = hex('00000000000000000000ffffc0000201 00000000000000000000ffffcb007109 dc04 01bb')
  t.match(parseProxyHeader(v2('2121', mapped)), { header: ENDS_V4 }, 'mapped addresses are IPv4')
  const local = { version: 2, command: 'local', ...NOBODY }
  t.same(parseProxyHeader(v2('2000', Buffer.alloc(0))), { kind: 'ok', header: local, length: 16 })
  t.match(parseProxyHeader(v2('2011', V4)), { header: local }, 'the block of LOCAL is discarded')
  t.match(parseProxyHeader(v2('20f9', Buffer.from('anything'))), { header: local, length: 24 }, 'its family too')
  t.match(parseProxyHeader(v2('2100', Buffer.from([1, 2]))), { kind: 'ok', header: NOBODY, length: 18 }, 'unspecified')
  t.match(parseProxyHeader(v2('2112', V4)), { kind: 'ok', header: NOBODY }, 'UDP')
  t.match(parseProxyHeader(v2('2131', Buffer.alloc(216))), { kind: 'ok', header: NOBODY }, 'unix')
})

t.test('version 2, TLVs and checksum', async (t) => {
  const alpn = tlv(1, Buffer.from('h2'))
  const crc = (body: Buffer) => parseProxyHeader(summed('2111', body))
  t.match(parseProxyHeader(v2('2111', Buffer.concat([V4, alpn, tlv(4, Buffer.alloc(9))]))), {
    header: ENDS_V4,
    length: 45,
  })
  t.match(crc(V4), { kind: 'ok', header: ENDS_V4, length: 35 })
  t.match(crc(Buffer.concat([V4, alpn])), { kind: 'ok', length: 40 })
  for (let at = 16; at < 35; at++) {
    if (at === 28) continue // the TLV's type: without it there is no checksum
    const bent = summed('2111', V4)
    bent[at]! ^= 0x10
    if (parseProxyHeader(bent).kind !== 'invalid') t.fail(`a flipped bit at ${at} was not noticed`)
  }
  t.match(parseProxyHeader(summed('2000', Buffer.alloc(0))), { kind: 'ok' }, 'checked in LOCAL too')
  const bent = summed('2000', Buffer.alloc(0))
  bent[bent.length - 1]! ^= 1
  t.match(parseProxyHeader(bent), { kind: 'invalid', reason: /CRC32c/ })
  for (const [what, tail] of [
    ['a cut TLV header', Buffer.from([1, 0])],
    ['a TLV beyond the end', Buffer.from([1, 0, 9, 1])],
    ['a checksum of 3 bytes', tlv(3, Buffer.alloc(3))],
  ] as const) {
    t.equal(parseProxyHeader(v2('2111', Buffer.concat([V4, tail]))).kind, 'invalid', what)
  }
  const twice = Buffer.concat([V4, tlv(3, Buffer.alloc(4))])
  t.equal(crc(twice).kind, 'invalid', 'two checksums')
})

t.test('version 2, not valid', async (t) => {
  const kind = (bytes: Buffer) => parseProxyHeader(bytes).kind
  t.equal(kind(hex(`${SIGNATURE}11`)), 'invalid', 'version 1 in binary')
  t.equal(kind(hex(`${SIGNATURE}22`)), 'invalid', 'unknown command')
  t.equal(kind(hex(`${SIGNATURE}2141`)), 'invalid', 'unknown family')
  t.equal(kind(hex(`${SIGNATURE}2113`)), 'invalid', 'unknown transport')
  t.equal(kind(hex(`${SIGNATURE}21111001`)), 'invalid', '4097 bytes are too many')
  t.equal(kind(hex(`${SIGNATURE}21111000`)), 'need', '4096 are not')
  t.equal(kind(v2('2111', V4.subarray(1))), 'invalid', 'addresses cut')
  t.equal(kind(v2('2121', V4)), 'invalid', 'IPv6 with the addresses of IPv4')
  t.equal(kind(hex('0d0a0d0a000d0a515549540b')), 'invalid', 'signature')
})

t.test('encoding', async (t) => {
  const v4 = (version: 1 | 2) => encodeProxyHeader(version, ENDS_V4)
  t.equal(v4(1).toString(), 'PROXY TCP4 192.0.2.1 203.0.113.9 56324 443\r\n')
  t.same(v4(2), v2('2111', V4))
  t.equal(encodeProxyHeader(1, ENDS_V6).toString(), 'PROXY TCP6 2001:db8::1 2001:db8:0:1::2 56324 443\r\n')
  t.same(encodeProxyHeader(2, ENDS_V6), v2('2121', V6))
  const dualStack = {
    source: { address: '::ffff:192.0.2.1', port: 56324 },
    destination: { address: '::ffff:203.0.113.9', port: 443 },
  }
  t.same(encodeProxyHeader(2, dualStack), v4(2), 'what a dual-stack listener reports')
  const longest = { address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65535 }
  t.ok(encodeProxyHeader(1, { source: longest, destination: longest }).length <= 107)
  const unknown = [
    NOBODY,
    { ...ENDS_V4, destination: null },
    { source: ENDS_V4.source, destination: ENDS_V6.destination },
    { source: { address: 'localhost', port: 1 }, destination: ENDS_V4.destination },
    { source: { address: '192.0.2.1', port: 65536 }, destination: ENDS_V4.destination },
    { source: { address: 'fe80::1%eth0', port: 1 }, destination: ENDS_V6.destination },
  ]
  for (const ends of unknown) {
    t.equal(encodeProxyHeader(1, ends).toString(), 'PROXY UNKNOWN\r\n')
    t.same(encodeProxyHeader(2, ends), v2('2000', Buffer.alloc(0)))
  }
})

t.test('addresses survive both encodings', async (t) => {
  const addresses = [
    '::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    '1:0:0:4::8',
    '0:0:1::',
    'a:0:b:0:c:0:d:0',
    '2001:db8::ff00:42:8329',
    '1::8',
  ]
  for (const version of [1, 2] as const) {
    for (const address of addresses) {
      const source = { address, port: 0 }
      const result = parseProxyHeader(encodeProxyHeader(version, { source, destination: ENDS_V6.destination }))
      if (result.kind !== 'ok' || result.header.source === null) return t.fail(`${address} is ${result.kind}`)
      t.equal(new URL(`http://[${result.header.source.address}]`).host, new URL(`http://[${address}]`).host, address)
    }
  }
  const source = { address: '1:0:0:4:0:0:0:8', port: 1 }
  const destination = { address: '1:0:0:2:3:4:5:6', port: 1 }
  t.match(
    parseProxyHeader(encodeProxyHeader(2, { source, destination })),
    { header: { source: { address: '1:0:0:4::8' }, destination: { address: '1::2:3:4:5:6' } } },
    'the longest run of zeros is cut (RFC 5952)',
  )
})

t.test('detection, and the check value of CRC-32C', async (t) => {
  t.equal(detectProxyHeader(Buffer.from('')), 'maybe')
  t.equal(detectProxyHeader(Buffer.from('PROX')), 'maybe')
  t.equal(detectProxyHeader(Buffer.from('PROXY ')), 'yes')
  t.equal(detectProxyHeader(hex(SIGNATURE)), 'yes')
  t.equal(detectProxyHeader(Buffer.from('POST')), 'no')
  t.equal(crc32c(Buffer.from('12345'), Buffer.from('6789')), 0xe3069283)
})
