import t from 'tap'
import fc from 'fast-check'
import { HOP_BY_HOP } from '../../../../src/core/http-fields.js'
import { forward, namesOf } from './support.js'

const OURS = ['host', 'forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port']
const ONCE = [...OURS, 'via', 'x-request-id', 'traceparent']
const SPECIAL = [
  ...HOP_BY_HOP,
  ...ONCE,
  'content-length',
  'cookie',
  'tracestate',
  'x-real-ip',
  'x-forwarded-user',
  'proxy',
]

/** A name as somebody writes it who wants it to be overlooked. */
const spelling = fc
  .tuple(fc.constantFrom(...SPECIAL), fc.infiniteStream(fc.boolean()), fc.boolean())
  .map(([name, upper, underscores]) =>
    [...(underscores ? name.replaceAll('-', '_') : name)]
      .map((c) => (upper.next().value ? c.toUpperCase() : c))
      .join(''),
  )
const name = fc.oneof(spelling, fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/))
const value = fc.oneof(
  fc.constant('6.6.6.6'),
  fc
    .array(fc.oneof(spelling, fc.constantFrom('close', 'keep-alive', ' ', '')), { maxLength: 5 })
    .map((all) => all.join(', ')),
)
const request = fc.array(fc.tuple(name, value), { maxLength: 30 }).map((fields) => fields.flat())

t.test('whatever a visitor sends, the upstream gets what is said here, once', async (t) => {
  fc.assert(
    fc.property(request, (fields) => {
      const names = namesOf(forward(fields).fields)
      const counted = (wanted: string) => names.filter((each) => each === wanted).length
      return (
        ONCE.every((each) => counted(each) === 1) &&
        names[0] === 'host' &&
        names.every((each) => each === 'te' || !HOP_BY_HOP.has(each.replaceAll('_', '-'))) &&
        names.every((each) => OURS.includes(each) || !/^x[-_]forwarded[-_]|^x[-_]real[-_]ip$|^proxy$/.test(each)) &&
        counted('content-length') <= 1 &&
        counted('cookie') <= 1
      )
    }),
    { numRuns: 2000 },
  )
})

t.test('and nothing of his word on who he is', async (t) => {
  fc.assert(
    fc.property(request, (fields) => {
      const { values } = forward(fields)
      return OURS.every((each) => values(each).every((text) => !text.includes('6.6.6.6')))
    }),
    { numRuns: 2000 },
  )
})

t.test('fields that are nobody’s concern arrive as they were, in their order', async (t) => {
  const plain = fc.array(fc.tuple(fc.stringMatching(/^z[a-z]{1,8}$/), value), { maxLength: 20 })
  fc.assert(
    fc.property(plain, (fields) => {
      const out = forward(fields.flat()).fields
      return out.slice(2, 2 + 2 * fields.length).join('\0') === fields.flat().join('\0')
    }),
  )
})
