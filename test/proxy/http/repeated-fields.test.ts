import fc from 'fast-check'
import t from 'tap'
import type { Exchange, RequestHead } from '../../../src/proxy/http/api.js'
import { RandomIds, RequestHeaders } from '../../../src/proxy/http/headers/index.js'
import { hostOf } from '../../../src/proxy/http/host.js'
import type { Policy } from '../../../src/proxy/http/policies.js'
import { parseRequestHead } from '../../../src/proxy/http/request-head.js'
import { RequestSections } from '../../../src/proxy/http/request-section.js'
import { requestText } from '../../../src/proxy/http/request-text.js'
import { upstreamHead } from '../../../src/proxy/http/upstream-head.js'
import { memoryInUse } from '../../support/memory.js'

const VISITOR = { address: '192.0.2.7', port: 50_000, serverPort: 443 }
const IDS = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'] as const

const names = [
  'Accept',
  'X-A',
  'Cookie',
  'TE',
  'Via',
  'traceparent',
  'X-Request-Id',
  'Forwarded',
  'Connection',
  'Expect',
]
const values = ['1', 'trailers', 'X-A', 'close', '100-continue', `00-${IDS[1]}-0123456789abcdef-01`, '1.1 uniroute']
const lines = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)), { maxLength: 8 })
  .map((fields) => fields.map(([name, value]) => `${name}: ${value}\r\n`).join(''))
const edited = fc.constantFrom('X-Request-Id', 'traceparent', 'Via', 'X-A', 'Host')
const edits = fc.record({
  add: fc.array(edited, { maxLength: 2 }).map((all) => all.flatMap((name) => [name, 'added'])),
  remove: fc.array(edited, { maxLength: 3 }),
})

function policyWith(edits: { add: string[]; remove: string[] }, host: string | null = null): Policy {
  const requestHeaders = new RequestHeaders({ host, edits, pseudonym: 'uniroute', ids: new RandomIds() })
  return { rules: null, breaker: null, requestHeaders } as unknown as Policy
}

/** What goes to the upstream for a head. */
function sent(
  head: Omit<RequestHead, 'scheme'>,
  policy: Policy,
  requestId: string,
  trusted = false,
  continued = false,
) {
  const exchange = { head: { ...head, scheme: 'https' }, visitor: VISITOR } as unknown as Exchange
  const sender = { peerTrusted: trusted, certificate: null } as Parameters<typeof upstreamHead>[2]
  const made = upstreamHead(exchange, policy, sender, { requestId, continued })
  return { fields: [...made.fields], text: requestText(made) }
}

/** The heads of requests of one connection, `fields` behind the first line and Host. */
function headsOf(fields: readonly string[], line = 'GET /a HTTP/1.1', host = 'x.example') {
  const sections = new RequestSections()
  return fields.map((each) => parseRequestHead(`${line}\r\nHost: ${host}\r\n${each}`.slice(0, -2), sections))
}

t.test('requests that repeat their fields go on as if each was the first', async (t) => {
  fc.assert(
    fc.property(lines, edits, (fields, edits) => {
      const policy = policyWith(edits)
      const [first, second, third, fourth] = headsOf([fields, fields, fields, fields])
      const isSame = (head: RequestHead | Omit<RequestHead, 'scheme'>, id: string): boolean => {
        const one = sent({ ...head, repeats: null }, policy, id)
        const other = sent(head, policy, id)
        return one.text === other.text && one.fields.join('\n') === other.fields.join('\n')
      }
      const areSame = isSame(second!, IDS[0]) && isSame(third!, IDS[1]) && isSame(fourth!, IDS[0])
      const { repeats } = second!
      const isShared = first!.repeats === null && repeats === third!.repeats && repeats === fourth!.repeats
      return areSame && isShared && typeof repeats?.prepared === 'object' && repeats.prepared !== null
    }),
    { numRuns: 2000 },
  )
})

t.test('what is known of fields ends with them, and holds for one upstream and one host', async (t) => {
  const a = 'X-A: 1\r\n'
  const [one, two, changed, again] = headsOf([a, a, 'X-A: 2\r\n', a])
  const plain = policyWith({ add: [], remove: [] })
  t.match(sent(two!, plain, IDS[0]).text, /\r\nX-A: 1\r\n/)
  t.equal(two!.repeats?.prepared, null, 'not for the first')
  t.match(sent(two!, plain, IDS[0]).text, /\r\nX-A: 1\r\n/)
  const prepared = two!.repeats?.prepared
  t.ok(prepared)
  sent(two!, plain, IDS[1])
  t.equal(two!.repeats?.prepared, prepared, 'made once')
  t.equal(one!.repeats, null)
  t.equal(changed!.repeats, null, 'other fields')
  t.equal(again!.repeats, null, 'the last ones are remembered')
  t.match(sent(changed!, plain, IDS[0]).text, /\r\nX-A: 2\r\n/)

  const strict = policyWith({ add: ['X-Added', 'yes'], remove: ['X-A'] }, 'localhost')
  for (const id of [...IDS, ...IDS]) {
    const there = sent(two!, strict, id).text
    t.match(there, /\r\nHost: localhost\r\n/)
    t.match(there, /\r\nX-Added: yes\r\n/)
    t.match(there, `\r\nX-Request-Id: ${id}\r\n`)
    t.notMatch(there, /X-A: 1/)
  }
  for (const id of IDS) t.match(sent(two!, plain, id).text, /\r\nHost: x\.example\r\n/)
})

t.test('what is no repetition, though the fields are the same', async (t) => {
  const plain = policyWith({ add: [], remove: [] })
  const sections = new RequestSections()
  const parse = (line: string, fields: string) => parseRequestHead(`${line}\r\nHost: x\r\n${fields}`, sections)
  const coded = 'Transfer-Encoding: chunked'
  t.equal(parse('POST / HTTP/1.1', coded).body, 'unknown')
  t.throws(() => parse('POST / HTTP/1.0', coded), { code: 'UR_HTTP_MALFORMED', message: /HTTP\/1\.0 does not know/ })
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket'
  t.equal(parse('GET / HTTP/1.1', upgrade).upgrade, 'websocket')
  t.throws(() => parse('POST / HTTP/1.1', upgrade), { code: 'UR_HTTP_METHOD' })
  const upgraded = parse('GET / HTTP/1.1', upgrade)
  t.match(sent(upgraded, plain, IDS[0]).text, /\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n/)
  t.throws(() => parse('CONNECT x:1 HTTP/1.1', upgrade), { code: 'UR_HTTP_METHOD' })

  t.equal(parse('GET / HTTP/1.1', 'X-A: 1').keepAlive, true)
  const old = parse('GET / HTTP/1.0', 'X-A: 1')
  t.equal(old.keepAlive, false)
  t.match(sent(old, plain, IDS[0]).text, /\r\nVia: 1\.0 uniroute\r\n/)
  t.match(sent(parse('GET / HTTP/1.1', 'X-A: 1'), plain, IDS[0]).text, /\r\nVia: 1\.1 uniroute\r\n/)

  const told = parse('GET / HTTP/1.1', 'X-Request-Id: theirs\r\nExpect: 100-continue')
  const same = parse('GET / HTTP/1.1', 'X-Request-Id: theirs\r\nExpect: 100-continue')
  t.ok(same.repeats !== null && told.repeats === null)
  t.match(sent(same, plain, IDS[0]).text, /\r\nExpect: 100-continue\r\n/)
  t.notMatch(sent(same, plain, IDS[0], false, true).text, /Expect/, 'the body is here')
  t.match(sent(same, plain, 'theirs', true).text, /\r\nX-Request-Id: theirs\r\n/, 'by a trusted proxy')
})

t.test('the absolute form, which names the host in letters of its own', async (t) => {
  const plain = policyWith({ add: [], remove: [] })
  const sections = new RequestSections()
  const parse = (target: string) => parseRequestHead(`GET ${target} HTTP/1.1\r\nHost: x.example\r\nA: b`, sections)
  const targets = ['/', '/', 'http://x.example/a', '/', 'http://X.EXAMPLE/a', '/', 'http://X.EXAMPLE/a']
  const heads = targets.map(parse)
  t.same(
    heads.map(({ repeats }) => repeats !== null),
    [false, true, true, true, false, true, false],
  )
  for (const head of heads) {
    const { text } = sent(head, plain, IDS[0])
    t.match(text, `\r\nX-Forwarded-Host: ${head.authority}\r\n`)
    t.match(text, `\r\nHost: ${head.authority}\r\n`)
  }
})

t.test('of long heads and of many fields nothing is remembered: an idle connection shall hold little', async (t) => {
  const long = `X-A: ${'a'.repeat(5_000)}\r\n`
  const [, second] = headsOf([long, long])
  t.equal(second!.repeats, null)
  t.equal(second!.headers[1]!.length, 5_000)
  const [, behindLong] = headsOf(['A: b\r\n', 'A: b\r\n'], `GET /${'a'.repeat(5_000)} HTTP/1.1`)
  t.equal(behindLong!.repeats, null, 'the line of a head is in the same memory')
  const many = 'a:\r\n'.repeat(65)
  t.equal(headsOf([many, many])[1]!.repeats, null)
})

t.test('connections that wait, and hosts that are known, hold nothing of the heads in which they came', async (t) => {
  const connections: RequestSections[] = []
  const before = memoryInUse()
  for (let i = 0; i < 300; i++) {
    const sections = new RequestSections()
    const rest = `Host: some-shop-${i}.example\r\nA: b`
    const head = (line: string) => Buffer.from(`${line}\r\n${rest}`).toString('latin1')
    const { authority } = parseRequestHead(head(`GET /${'a'.repeat(31_000)} HTTP/1.1`), sections)
    hostOf(authority)
    for (let n = 0; n < 3; n++) parseRequestHead(head(`GET /${'a'.repeat(n * 10)} HTTP/1.1`), sections)
    connections.push(sections)
  }
  const each = (memoryInUse() - before) / connections.length
  t.ok(each < 4_000, `${each} bytes a connection`)
  t.equal(connections.length, 300)
})

t.test('requests that go round in a loop are refused, repeated or not', async (t) => {
  const loop = `Via: ${'1.1 uniroute, '.repeat(9)}1.1 other\r\n`
  for (const head of headsOf([loop, loop, loop])) {
    t.throws(() => sent(head, policyWith({ add: [], remove: [] }), IDS[0]), { code: 'UR_HTTP_LOOP' })
  }
})
