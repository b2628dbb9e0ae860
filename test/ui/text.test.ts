import t from 'tap'
import { bodyNotes, viewsOf } from '../../src/ui/text/bodies.js'
import { filterText, parseFilter } from '../../src/ui/text/filter-text.js'
import { clock, duration, rate, size } from '../../src/ui/text/format.js'
import { fromBase64, hexLines } from '../../src/ui/text/hex.js'
import { isBranch, leafText, parseJson } from '../../src/ui/text/json.js'
import { boundaryOf, splitMultipart } from '../../src/ui/text/multipart.js'
import { clipped, visible } from '../../src/ui/text/visible.js'
import { indentXml } from '../../src/ui/text/xml.js'

t.test('what is typed is read as a filter, and written as the same text', async (t) => {
  t.same(parseFilter('status:5xx method:post lamp "red shade"'), { status: '5xx', method: 'POST', q: 'lamp red shade' })
  t.same(parseFilter('time:>200ms size:<10k'), { minMs: 200, maxBytes: 10_000 })
  t.same(parseFilter('time:0.5-1.5s size:2MB'), { minMs: 0.5, maxMs: 1500, minBytes: 2e6 })
  t.same(parseFilter('header:"accept: te\\"xt" path:/a'), { header: 'accept: te"xt', path: '/a' })
  t.same(parseFilter('https://a status:9xx kind:smtp time:>x time:>1-2 path:'), {
    q: 'https://a status:9xx kind:smtp time:>x time:>1-2 path:',
  })
  t.same(parseFilter('  '), {})
  t.same(parseFilter('"open'), { q: 'open' })
  for (const text of [
    'method:PUT status:400-499 kind:grpc tunnel:shop path:"a b" header:x body:"say \\"hi\\"" time:5-90 size:>7 word',
  ]) {
    t.equal(filterText(parseFilter(text)), text)
  }
})

t.test('durations, sizes, rates and times of day as people read them', async (t) => {
  t.same([0, 0.04, 0.44, 9.96, 12.4, 999, 1240, 59_990, 61_000, 3_723_000, null].map(duration), [
    ...['0 ms', '0 ms', '0.4 ms', '10 ms', '12 ms', '999 ms', '1.24 s', '60 s', '1 min 01 s', '1 h 02 min', '–'],
  ])
  t.same([0, 312, 999, 1000, 1449, 999_499, 23e6, 4.2e12].map(size), [
    '0 B',
    '312 B',
    '999 B',
    '1 kB',
    '1.4 kB',
    '999 kB',
    '23 MB',
    '4.2 TB',
  ])
  t.same([0, 0.001, 0.25, 3.4, 1204.4].map(rate), ['0', '<0.01', '0.25', '3.4', '1,204'])
  t.match(clock('2026-11-29T10:15:01.007Z'), /^\d\d:15:01\.007$/)
  t.equal(clock('yesterday'), '–')
})

t.test('what hides or reorders text is shown', async (t) => {
  t.equal(visible('a\u202eb\u0000c\u200bd\n'), 'a‹U+202E›b␀c‹U+200B›d␊')
  t.equal(visible('a\tb\r\nc\u2066', true), 'a\tb\r\nc‹U+2066›')
  t.equal(visible('half \ud83d of a pair, whole 😀'), 'half \ufffd of a pair, whole 😀')
  t.equal(clipped('abcdef', 3), 'abc…')
})

t.test('JSON keeps the digits of its numbers, and is no JSON when it is not', async (t) => {
  const value = parseJson('{"a":12345678901234567890,"b":1e3,"c":-0.10,"__proto__":{"d":1}}')
  t.ok(isBranch(value))
  t.same(Object.keys(value as object), ['a', 'b', 'c', '__proto__'])
  const leaves = Object.values(value as object)
    .slice(1, 3)
    .map(leafText)
  t.same(leaves, ['1000', '-0.1'])
  t.equal(parseJson('{"a":'), undefined)
})

t.test('XML is indented, however broken', async (t) => {
  t.equal(
    indentXml('<a x="1"><!-- > --><b/><c></c><d>t</d></a>'),
    '<a x="1">\n  <!-- > -->\n  <b/>\n  <c></c>\n  <d>t</d>\n</a>',
  )
  t.equal(indentXml('</a></b><c'), '</a>\n</b>\n<c')
  t.equal(indentXml('<'.repeat(2_000_000)).length, 2_000_000)
  t.ok(indentXml('<a>'.repeat(10_000)).length < 2_000_000, 'deep nesting costs no more than its lines')
})

t.test('the parts of a multipart body, also of one that was cut', async (t) => {
  t.equal(boundaryOf('multipart/form-data; charset=x; boundary="a b"'), 'a b')
  t.equal(boundaryOf('multipart/mixed;boundary=x-1; y=z'), 'x-1')
  t.equal(boundaryOf('multipart/mixed'), null)
  const split = (text: string) =>
    splitMultipart(Buffer.from(text, 'latin1'), 'b').map(({ fields, body }) => [
      fields,
      Buffer.from(body).toString('latin1'),
    ])
  t.same(split('preamble\r\n--b\r\nA: 1\r\nB: 2\r\n\r\none\r\n--b\r\n\r\ntwo\r\n\xff\r\n--b--\r\nend'), [
    [['A: 1', 'B: 2'], 'one'],
    [[], 'two\r\n\xff'],
  ])
  t.same(split('--b\r\nA: 1\r\n\r\nthe rest is miss'), [[['A: 1'], 'the rest is miss']])
  t.same(split('--b\r\nA: 1'), [[['A: 1'], '']])
  t.same(split('nothing'), [])
})

t.test('hex with its offsets and ASCII', async (t) => {
  const bytes = fromBase64(Buffer.from('0123456789abcdef\u0000~').toString('base64'))
  t.equal(
    hexLines(bytes),
    '00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef\n' +
      `00000010  00 7e${' '.repeat(45)}·~`,
  )
})

t.test('how a body is shown, and what is said of it', async (t) => {
  const body = {
    bytes: 10,
    kept: 10,
    mediaType: 'application/json',
    codings: [],
    text: true,
    redacted: false,
    problem: null,
  }
  t.same(viewsOf(body), ['json', 'text', 'hex'])
  t.same(viewsOf({ ...body, mediaType: 'image/svg+xml', codings: ['br'] }), ['xml', 'text', 'hex', 'raw'])
  t.same(viewsOf({ ...body, mediaType: 'image/webp', text: false }), ['image', 'hex'])
  t.same(bodyNotes(body), [])
  t.same(bodyNotes({ ...body, kept: 4, codings: ['gzip'], redacted: true }), [
    'Only the first 4 B of 10 B were kept.',
    'Compressed with gzip; shown decompressed.',
    'Secrets in it were redacted.',
  ])
})
