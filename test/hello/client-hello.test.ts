import t from 'tap'
import { MAX_HELLO_BYTES, parseClientHello } from '../../src/hello/client-hello.js'
import { RECORDED_HELLOS } from '../support/recorded-hellos.js'
import {
  alpn,
  browserHello,
  buildHello,
  extension,
  helloMessage,
  hostName,
  inRecords,
  record,
  sni,
  vector16,
} from '../support/client-hello.js'

const NONE = { kind: 'hello', sni: null, alpn: [], ech: false } as const
const kindOf = (bytes: Uint8Array): string => parseClientHello(bytes).kind
const reasonOf = (bytes: Uint8Array): string => {
  const result = parseClientHello(bytes)
  return result.kind === 'invalid' || result.kind === 'not-tls' ? result.reason : result.kind
}

t.test('hellos of real clients', async (t) => {
  for (const [client, { bytes, ...expected }] of Object.entries(RECORDED_HELLOS)) {
    t.same(parseClientHello(bytes), { kind: 'hello', ech: false, ...expected }, client)
    for (let cut = 0; cut < bytes.length; cut++) {
      if (kindOf(bytes.subarray(0, cut)) !== 'need') t.fail(`${client} cut at ${cut}`)
    }
    t.same(parseClientHello(Buffer.concat([bytes, Buffer.from('early data')])).kind, 'hello', 'bytes behind it')
  }
})

t.test('GREASE is ignored, ECH is noted', async (t) => {
  const hello = browserHello('www.example.org')
  t.same(parseClientHello(hello), { kind: 'hello', sni: 'www.example.org', alpn: ['h2', 'http/1.1'], ech: true })
})

t.test('one message in many records (RFC 8446 §5.1)', async (t) => {
  const { bytes, sni, alpn } = RECORDED_HELLOS.curl
  const message = bytes.subarray(5)
  for (const size of [1, 2, 3, 5, 100, message.length - 1]) {
    const cut = inRecords(message, size)
    t.same(parseClientHello(cut), { kind: 'hello', sni, alpn, ech: false }, `records of ${size}`)
    for (let at = 0; at < cut.length; at += 1) {
      if (kindOf(cut.subarray(0, at)) !== 'need') t.fail(`records of ${size} cut at ${at}`)
    }
  }
})

t.test('reads nothing outside the view that it was given', async (t) => {
  const whole = RECORDED_HELLOS.node.bytes
  t.equal(parseClientHello(whole.subarray(0, whole.length - 1)).kind, 'need', 'the last byte lies behind the view')
  const long = Buffer.concat([Buffer.from('xx'), whole])
  t.equal(parseClientHello(long.subarray(2)).kind, 'hello')
  t.equal(parseClientHello(new Uint8Array(whole)).kind, 'hello', 'a plain Uint8Array')
})

t.test('optional parts', async (t) => {
  t.same(parseClientHello(buildHello()), NONE, 'empty extensions')
  t.same(parseClientHello(buildHello({ extensions: null })), NONE, 'no extensions: TLS 1.2 and older')
  t.same(parseClientHello(buildHello({ sessionId: Buffer.alloc(0), version: 0x0301 })), NONE, 'TLS 1.0')
})

t.test('server_name (RFC 6066 §3)', async (t) => {
  const named = (name: string | Uint8Array) => parseClientHello(buildHello({ extensions: [sni(name)] }))
  for (const name of ['a', 'localhost', 'a.b', 'r3---sn.example', '3com.example', 'xn--bcher-kva.example', '1.2.3.x']) {
    t.same(named(name), { ...NONE, sni: name }, name)
  }
  t.same(named('DB.Example.COM'), { ...NONE, sni: 'db.example.com' }, 'lower case')
  const label63 = 'a'.repeat(63)
  const name253 = `${label63}.${label63}.${label63}.${'b'.repeat(61)}`
  t.same(named(name253), { ...NONE, sni: name253 }, '253 bytes')
  const bad = [
    '',
    '.',
    'example.com.',
    '.example.com',
    'a..b',
    '-a.b',
    'a-.b',
    'a.b-',
    'a b',
    'a_b',
    'a*b',
    '*.example.com',
    'a/b',
    '192.0.2.1',
    '1',
    'a.1',
    '[::1]',
    '::1',
    'bücher.example',
    'xn--a.example',
    'xn--.example',
    'a\0b',
    'a\nb',
    `${label63}a.example`,
    `${name253}b`,
    `${label63}.${name253}`,
  ]
  for (const name of bad) t.equal(named(name).kind, 'invalid', JSON.stringify(name))
  t.equal(named(Buffer.from([0xff, 0xfe])).kind, 'invalid', 'not ASCII')

  const list = (...entries: Uint8Array[]) => kindOf(buildHello({ extensions: [extension(0, vector16(...entries))] }))
  const other = Buffer.concat([Buffer.from([9]), vector16(Buffer.from('anything'))])
  t.equal(list(), 'invalid', 'an empty list')
  t.equal(list(hostName('a'), hostName('b')), 'invalid', 'two host names')
  t.same(
    parseClientHello(buildHello({ extensions: [extension(0, vector16(other, hostName('a.b')))] })),
    { ...NONE, sni: 'a.b' },
    'another name type is skipped',
  )
  t.equal(list(Buffer.from([0, 0])), 'invalid', 'cut length')
  t.equal(list(Buffer.from([0, 0, 9, 65])), 'invalid', 'name beyond the list')
  t.equal(kindOf(buildHello({ extensions: [extension(0, Buffer.alloc(0))] })), 'invalid', 'no list')
  const trailing = Buffer.concat([vector16(hostName('a')), Buffer.from([0])])
  t.equal(kindOf(buildHello({ extensions: [extension(0, trailing)] })), 'invalid', 'bytes after the list')
})

t.test('ALPN (RFC 7301, RFC 8701)', async (t) => {
  const offer = (...names: (string | Uint8Array)[]) => parseClientHello(buildHello({ extensions: [alpn(...names)] }))
  t.same(offer('uniroute/1'), { ...NONE, alpn: ['uniroute/1'] })
  t.same(offer('acme-tls/1', 'h2'), { ...NONE, alpn: ['acme-tls/1', 'h2'] }, 'in order')
  t.same(offer(Buffer.from([0x1a, 0x1a]), 'h3', Buffer.from([0xfa, 0xfa])), { ...NONE, alpn: ['h3'] }, 'GREASE')
  t.same(offer(Buffer.from([0x1a, 0x2a])), { ...NONE, alpn: ['\x1a*'] }, 'unequal bytes are no GREASE')
  t.same(offer(Buffer.from([0xc3, 0xa4])), { ...NONE, alpn: ['\xc3\xa4'] }, 'one character per byte')
  t.equal(offer().kind, 'invalid', 'empty list')
  t.equal(offer('h2', '').kind, 'invalid', 'empty name')
  t.equal(
    kindOf(buildHello({ extensions: [extension(16, Buffer.from([0, 3, 5, 65, 65]))] })),
    'invalid',
    'name too long',
  )
  t.equal(
    kindOf(buildHello({ extensions: [extension(16, Buffer.from([0, 2, 1, 65, 0]))] })),
    'invalid',
    'trailing byte',
  )
})

t.test('broken hellos are invalid, with a reason', async (t) => {
  const cases: [string, Buffer, RegExp][] = [
    [
      'other content type inside',
      Buffer.concat([inRecords(helloMessage().subarray(0, 10)), Buffer.from([21])]),
      /type 21/,
    ],
    ['record version', Buffer.from([22, 2]), /version 2/],
    ['empty record', Buffer.from([22, 3, 1, 0, 0]), /empty/],
    ['record above 2^14', Buffer.from([22, 3, 1, 0x40, 1]), /16385/],
    ['a ServerHello', record(Buffer.from([2, 0, 0, 4])), /type 2/],
    ['hello version', buildHello({ version: 0x0200 }), /version 2/],
    ['session id of 33 bytes', buildHello({ sessionId: Buffer.alloc(33) }), /session_id/],
    ['no cipher suite', buildHello({ suites: Buffer.alloc(0) }), /cipher_suites/],
    ['half a cipher suite', buildHello({ suites: Buffer.alloc(3) }), /cipher_suites/],
    ['no compression', buildHello({ compression: Buffer.alloc(0) }), /compression/],
    ['bytes after the extensions', buildHello({ after: Buffer.from([0]) }), /after the extensions/],
    ['one byte for the extensions', buildHello({ extensions: null, after: Buffer.from([0]) }), /beyond/],
    ['extension cut', buildHello({ extensions: [Buffer.from([0, 5, 0, 9, 1])] }), /beyond/],
    ['extension header cut', buildHello({ extensions: [Buffer.from([0, 5, 0])] }), /beyond/],
    [
      'extension twice',
      buildHello({ extensions: [extension(5, Buffer.alloc(1)), extension(5, Buffer.alloc(1))] }),
      /twice/,
    ],
    ['an empty message', record(Buffer.from([1, 0, 0, 0])), /beyond/],
  ]
  for (const [what, bytes, reason] of cases) {
    t.equal(kindOf(bytes), 'invalid', what)
    t.match(reasonOf(bytes), reason, what)
  }
})

t.test('length is bounded', async (t) => {
  const padded = (bytes: number) => buildHello({ extensions: [extension(21, Buffer.alloc(bytes))] })
  const overhead = padded(0).length
  t.equal(kindOf(padded(MAX_HELLO_BYTES - overhead)), 'hello', 'exactly the limit')
  t.equal(kindOf(padded(MAX_HELLO_BYTES - overhead + 1)), 'too-long', 'one more')
  t.equal(kindOf(record(Buffer.from([1, 0xff, 0xff, 0xff]))), 'too-long', 'as soon as it is announced')
  const many = inRecords(helloMessage({ extensions: [extension(21, Buffer.alloc(9000))] }), 1)
  t.equal(kindOf(many.subarray(0, MAX_HELLO_BYTES - 1)), 'need', 'record headers count')
  t.equal(kindOf(many.subarray(0, MAX_HELLO_BYTES)), 'too-long')
  t.equal(kindOf(many), 'too-long')
  t.equal(parseClientHello(RECORDED_HELLOS.curl.bytes, 100).kind, 'too-long', 'a limit of the caller')
})

t.test('what is not TLS', async (t) => {
  const first = (text: string) => parseClientHello(Buffer.from(text, 'latin1'))
  t.match(first('GET / HTTP/1.1\r\n'), { kind: 'not-tls', http: true })
  t.match(first('PRI * HTTP/2.0\r\n'), { kind: 'not-tls', http: true })
  t.equal(first('').kind, 'need')
  t.equal(first('GE').kind, 'need', 'may become GET')
  t.match(first('GEX'), { kind: 'not-tls', http: false })
  t.match(first('SSH-2.0-x'), { kind: 'not-tls', http: false })
  t.match(first('\0'), { kind: 'not-tls', http: false, reason: /0x00/ })
  t.match(first('\x80\x2e\x01\x00\x02'), { kind: 'not-tls', http: false, reason: /SSLv2/ })
  t.equal(first('\x80\x2e').kind, 'need', 'SSLv2 shows in the third byte')
  t.match(first('\x80\x2e\x04'), { kind: 'not-tls', http: false, reason: /0x80/ })
  t.match(first('PROXY TCP4 1.2.3.4'), { kind: 'not-tls', http: false, reason: /PROXY/ })
  t.match(first('\r\n\r\n\0\r\nQUIT\n\x21'), { kind: 'not-tls', http: false, reason: /PROXY/ })
})
