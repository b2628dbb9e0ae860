import t from 'tap'
import { Section } from '../../../src/inspector/record/section.js'
import type { KeptField } from '../../../src/inspector/exchange.js'

function field(name: string, value: string, secret?: string | null): KeptField {
  return { name, value, redacted: secret !== undefined, secret: secret ?? null }
}

const SECTIONS: Record<string, readonly KeptField[]> = {
  none: [],
  'plain ones': [
    field('Host', 'shop.example.com'),
    field('X-Empty', ''),
    field('x-latin', 'na\xefve'),
    field('A', '1'),
  ],
  'two of one name': [field('A', '1'), field('a', '2'), field('A', '1')],
  'redacted ones': [
    field('A', '1'),
    field('Cookie', 'sid=[redacted]', null),
    field('B', '2'),
    field('B', '[redacted]', 'x'),
  ],
  'a value of several lines': [field('A', 'one\r\nB: two'), field('C', '3')],
  'a value with blanks around it': [field('A', ' one '), field('B', '\t')],
  'a value that is no latin1': [field('A', '\u4e2d\u6587'), field('B', '[redacted]', '\u4e2d')],
  'names that are none': [field('', 'x'), field('a b', 'x'), field('a:b', 'x'), field('a\n', 'x')],
  'control characters': [field('A', '\0\x1b[2J')],
}

for (const [name, fields] of Object.entries(SECTIONS)) {
  t.test(`${name} come back as they were`, async (t) => {
    const section = Section.of(fields)
    t.strictSame(section.list(), fields)
    t.strictSame(section.list(), fields, 'and again')
    t.equal(
      section.hasSecret,
      fields.some(({ redacted }) => redacted),
    )
    const text = fields.reduce(
      (sum, { name, value, secret }) => sum + name.length + value.length + (secret?.length ?? 0),
      0,
    )
    t.ok(section.cost >= text, `${section.cost} bytes for ${text} characters`)
  })
}

t.test('lines as they were written are read as they were, folded ones too', async (t) => {
  const section = Section.ofText('Host: shop.example.com\r\nX-Folded: one\r\n  two\r\nEmpty:')
  t.strictSame(section.list(), [field('Host', 'shop.example.com'), field('X-Folded', 'one two'), field('Empty', '')])
  t.notOk(section.hasSecret)
})
