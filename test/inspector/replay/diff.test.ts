import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import type { DiffLine } from '../../../src/inspector/contract.js'
import { diffAnswers } from '../../../src/inspector/replay/diff.js'
import { diffJson, parseJson } from '../../../src/inspector/replay/diff-json.js'
import { diffLines } from '../../../src/inspector/replay/diff-lines.js'
import { exchange } from '../support.js'
import { answer } from '../messages.js'

const JSON_TYPE = ['Content-Type', 'application/json']
const of = (response: ReturnType<typeof answer> | null) => exchange('0000000000000001', { response })

t.test('answers that are the same but for what always differs', async (t) => {
  const before = of(answer(200, ['Date', 'Mon', 'X-A', '1', 'Content-Length', '10'], 'hello'))
  const after = of(answer(200, ['date', 'Tue', 'x-a', '1', 'Transfer-Encoding', 'chunked'], 'hello'))
  t.match(diffAnswers(before, after), { same: true, fields: [], body: { kind: 'same' } })
  const packed = of(answer(200, ['X-A', '1', 'Content-Encoding', 'gzip'], gzipSync('hello'), { codings: ['gzip'] }))
  const { body, fields } = diffAnswers(before, packed)
  t.same(body, { kind: 'same' }, 'how it is packed is no part of it')
  t.match(fields, [{ key: 'content-encoding', change: 'added' }])
})

t.test('status, fields of several values, trailers', async (t) => {
  const before = of(answer(200, ['Link', 'a', 'Link', 'b', 'X-Gone', '1', 'X-Same', 's']))
  const trailers = [{ name: 'grpc-status', value: '5', redacted: false, secret: null }]
  const after = of(answer(404, ['link', 'a', 'link', 'c', 'X-New', '2', 'X-Same', 's'], '', { trailers }))
  t.strictSame(diffAnswers(before, after), {
    same: false,
    status: { before: 200, after: 404, same: false },
    fields: [
      { key: 'grpc-status', change: 'added', before: null, after: '5' },
      { key: 'link', change: 'changed', before: ['a', 'b'], after: ['a', 'c'] },
      { key: 'x-gone', change: 'removed', before: '1', after: null },
      { key: 'x-new', change: 'added', before: null, after: '2' },
    ],
    body: { kind: 'same' },
  })
  const ignoredFields = ['GRPC-Status', 'link', 'x-gone', 'x-new']
  t.same(diffAnswers(before, after, { ignoredFields }).fields, [])
  t.match(diffAnswers(of(null), after), { status: { before: null, after: 404 } })
})

t.test('JSON by its keys', async (t) => {
  const before = of(answer(200, JSON_TYPE, '{"id":1,"a/b":{"c~":[1,2,3]},"at":"x","gone":null}'))
  const after = of(answer(200, JSON_TYPE, '{"at":"y","new":[],"a/b":{"c~":[1,3]},"id":"1"}'))
  const { body } = diffAnswers(before, after, { ignoredPointers: ['/at'] })
  t.strictSame(body, {
    kind: 'json',
    entries: [
      { key: '/id', change: 'changed', before: 1, after: '1' },
      { key: '/a~1b/c~0/1', change: 'changed', before: 2, after: 3 },
      { key: '/a~1b/c~0/2', change: 'removed', before: 3, after: null },
      { key: '/gone', change: 'removed', before: null, after: null },
      { key: '/new', change: 'added', before: null, after: [] },
    ],
  })
  const all = ['/id', '/a~1b', '/at', '/gone', '/new']
  t.match(diffAnswers(before, after, { ignoredPointers: all }), { same: true, body: { kind: 'same' } })
  t.same(diffJson([{ at: 1 }, { at: 2 }], [{ at: 3 }, { at: 4 }], ['/*/at']), [], 'a star is any key')
  t.same(diffJson({ a: 1 }, { a: 1 }), [])
  t.match(diffJson({}, []), [{ key: '', change: 'changed' }])
  t.match(diffJson(JSON.parse('{"__proto__":1}'), JSON.parse('{}')), [{ key: '/__proto__', change: 'removed' }])
})

t.test('numbers that JavaScript would round are told apart', async (t) => {
  const [one, other] = ['{"id":9007199254740993}', '{"id":9007199254740992}'].map(parseJson)
  t.match(JSON.parse(JSON.stringify(diffJson(one, other))), [
    { key: '/id', before: '9007199254740993', after: '9007199254740992' },
  ])
  t.same(diffJson(one, parseJson('{ "id" : 9007199254740993 }')), [])
  t.match(
    diffJson(one, parseJson('{"id":"9007199254740993"}')),
    [{ key: '/id', change: 'changed' }],
    'a string is none',
  )
})

t.test('JSON that is deep, or differs everywhere, ends', async (t) => {
  const deep = (leaf: string) => `${'['.repeat(20_000)}${leaf}${']'.repeat(20_000)}`
  t.equal(diffJson(JSON.parse(deep('1')), JSON.parse(deep('2'))).length, 1)
  const many = (n: number) => Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, n]))
  t.equal(diffJson(many(1), many(2)).length, 1_000)
})

t.test('text by its lines', async (t) => {
  const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`)
  const before = of(answer(200, ['Content-Type', 'text/plain'], lines.join('\n')))
  const changed = lines.map((line) => (line === 'line 20' ? 'another' : line)).join('\n')
  const after = of(answer(200, ['Content-Type', 'text/plain'], changed))
  t.strictSame(diffAnswers(before, after).body, {
    kind: 'text',
    lines: [
      { change: 'skipped', text: '17' },
      { change: 'same', text: 'line 17' },
      { change: 'same', text: 'line 18' },
      { change: 'same', text: 'line 19' },
      { change: 'removed', text: 'line 20' },
      { change: 'added', text: 'another' },
      { change: 'same', text: 'line 21' },
      { change: 'same', text: 'line 22' },
      { change: 'same', text: 'line 23' },
      { change: 'skipped', text: '26' },
    ],
  })
})

t.test('any two texts: what was removed and added makes one of the other, and is the shortest', async (t) => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'))
  const side = (lines: DiffLine[], other: DiffLine['change']) =>
    lines.filter(({ change }) => change !== other && change !== 'skipped').map((line) => line.text)
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after)
      const skipped = lines
        .filter(({ change }) => change === 'skipped')
        .reduce((sum, line) => sum + Number(line.text), 0)
      const [one, other] = [side(lines, 'added'), side(lines, 'removed')]
      if (skipped === 0) {
        t.equal(one.join('\n'), before)
        t.equal(other.join('\n'), after)
      }
      t.equal(one.length + skipped, before.split('\n').length)
      t.equal(other.length + skipped, after.split('\n').length)
      const edits = lines.filter(({ change }) => change === 'added' || change === 'removed').length
      t.equal(edits, shortest(before.split('\n'), after.split('\n')))
    }),
    { numRuns: 300 },
  )
})

/** By the length of the longest common subsequence. */
function shortest(a: string[], b: string[]): number {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const [up, left, both] = [table[i - 1]![j]!, table[i]![j - 1]!, table[i - 1]![j - 1]!]
      table[i]![j] = a[i - 1] === b[j - 1] ? both + 1 : Math.max(up, left)
    }
  }
  return a.length + b.length - 2 * table[a.length]![b.length]!
}

t.test('texts that have nothing in common end soon, and are cut', async (t) => {
  const many = (word: string) => Array.from({ length: 100_000 }, (_, i) => `${word} ${i}`).join('\n')
  const lines = diffLines(many('one'), many('other'))
  t.equal(lines.at(-1)?.change, 'skipped')
  t.ok(lines.length <= 2_001)
})

t.test('bytes by their number and what they hash to; what was cut by its whole length', async (t) => {
  const image = ['Content-Type', 'image/png']
  const { body } = diffAnswers(of(answer(200, image, 'abc')), of(answer(200, image, 'abd')))
  t.match(body, { kind: 'binary', before: 3, after: 3, beforeSha256: /^ba7816bf/, afterSha256: /^[0-9a-f]{64}$/ })
  const cut = (bytes: number) => of(answer(200, image, 'abc', { truncated: true, bytes }))
  t.match(diffAnswers(cut(100), cut(101)).body, { kind: 'binary', before: 100, after: 101 })
  t.match(diffAnswers(cut(100), cut(100)).body, { kind: 'same' })
})
