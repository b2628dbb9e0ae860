import t from 'tap'
import { forward, REQUEST_ID } from './support.js'

const TRACE = '12345678901234567890123456789012'
const PARENT = `00-${TRACE}-1234567890123456-00`
const STARTED = `00-${REQUEST_ID}-${REQUEST_ID.slice(0, 16)}-01`

// The cases are those of the W3C's own test suite.

t.test('a traceparent that is valid is passed on as it is', async (t) => {
  for (const parent of [
    PARENT,
    `00-${TRACE}-1234567890123456-ff`,
    `cc-${TRACE}-1234567890123456-01`,
    `cc-${TRACE}-1234567890123456-01-what-the-future-will-be-like`,
  ]) {
    const { values, traceparent } = forward(['TraceParent', parent])
    t.same(values('traceparent'), [parent])
    t.equal(traceparent, parent)
  }
})

t.test('a trace is started where there is none that can be gone on with', async (t) => {
  for (const parent of [
    `00-${TRACE}-1234567890123456-01.`,
    `00-${TRACE}-1234567890123456-01-more`,
    `cc-${TRACE}-1234567890123456-01.more`,
    `ff-${TRACE}-1234567890123456-01`,
    `.0-${TRACE}-1234567890123456-01`,
    `000-${TRACE}-1234567890123456-01`,
    `0-${TRACE}-1234567890123456-01`,
    '00-00000000000000000000000000000000-1234567890123456-01',
    '00-.2345678901234567890123456789012-1234567890123456-01',
    '00-1234567890123456789012345678901-1234567890123456-01',
    '00-123456789012345678901234567890123-1234567890123456-01',
    '00-1234567890123456789012345678901A-1234567890123456-01',
    `00-${TRACE}-0000000000000000-01`,
    `00-${TRACE}-.234567890123456-01`,
    `00-${TRACE}-12345678901234567-01`,
    `00-${TRACE}-123456789012345-01`,
    `00-${TRACE}-1234567890123456-.0`,
    `00-${TRACE}-1234567890123456-001`,
    `00-${TRACE}-1234567890123456-1`,
    `00_${TRACE}-1234567890123456-01`,
    '',
  ]) {
    const { values, traceparent } = forward(['traceparent', parent, 'tracestate', 'foo=1'])
    t.same(values('traceparent'), [STARTED], parent)
    t.equal(traceparent, STARTED)
    t.same(values('tracestate'), [], 'what belongs to it is not passed on either')
  }
  t.same(forward(['traceparent', PARENT, 'traceparent', PARENT]).values('traceparent'), [STARTED], 'two')
  t.same(forward(['trace-parent', PARENT]).values('traceparent'), [STARTED])
})

t.test('a trace that is started has the id of the request, if that can be one', async (t) => {
  const facts = { requestId: 'from-a-proxy', peerTrusted: true }
  const { traceparent } = forward([], facts)
  t.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  t.not(traceparent, forward([], facts).traceparent)
})

const state = (...values: string[]) =>
  forward(['traceparent', PARENT, ...values.flatMap((value) => ['tracestate', value])]).values('tracestate')

const MEMBERS = Array.from({ length: 32 }, (_, i) => `bar${i}=${i}`)
const VALUE = ' !"#$%&\'()*+-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~'

t.test('a tracestate that is valid is passed on, its fields in one', async (t) => {
  t.same(state('foo=1,bar=2'), ['foo=1,bar=2'])
  t.same(state('foo=1,bar=2', 'rojo=1', 'baz=3'), ['foo=1,bar=2,rojo=1,baz=3'])
  t.same(state('foo=1 \t , \t bar=2'), ['foo=1 \t , \t bar=2'])
  t.same(state('', 'foo=1'), [',foo=1'])
  t.same(state(MEMBERS.join(',')), [MEMBERS.join(',')])
  t.same(state(`abcdefghijklmnopqrstuvwxyz0123456789_-*/=${VALUE}`).length, 1)
  t.same(state(`0tenant_-*/@vendor_-*/=${VALUE}`).length, 1)
  t.same(state(`${'z'.repeat(256)}=1`).length, 1)
  t.same(state(`${'t'.repeat(241)}@${'v'.repeat(14)}=1`).length, 1)
  t.same(state(`foo=${'v'.repeat(256)}`).length, 1)
})

t.test('a tracestate that is not is dropped, and the trace goes on', async (t) => {
  for (const value of [
    ...[
      '',
      ',',
      'foo',
      'foo=',
      '=1',
      'foo =1',
      'FOO=1',
      'foo.bar=1',
      'foo@=1,bar=2',
      '@foo=1',
      'foo@@bar=1',
      'foo@bar@baz=1',
    ],
    ...[
      'foo=1,foo=1',
      'foo=1,foo=2',
      'foo=bar=baz',
      'foo=,bar=3',
      `${'z'.repeat(257)}=1`,
      `foo=${'v'.repeat(257)}`,
      'foo=\u00e9',
    ],
    ...[`${'t'.repeat(242)}@v=1`, `t@${'v'.repeat(15)}=1`, [...MEMBERS, 'one=more'].join(',')],
  ]) {
    t.same(state(value), [], value)
    t.same(forward(['traceparent', PARENT, 'tracestate', value]).values('traceparent'), [PARENT])
  }
})
