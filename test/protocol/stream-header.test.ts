import fc from 'fast-check'
import t from 'tap'
import { UpstreamError } from '../../src/core/errors.js'
import {
  acceptError,
  acceptOf,
  encodeStreamAccept,
  encodeStreamOpen,
  StreamAcceptReader,
  StreamOpenReader,
} from '../../src/protocol/stream-header.js'
import { AcceptResult, Kind } from '../../src/protocol/messages.js'

const OPEN = {
  tunnelId: 7,
  connectionId: 'ab',
  kind: Kind.KIND_TLS,
  visitorAddress: '2001:db8::1',
  visitorPort: 4711,
  sni: 'db.test',
}

t.test('a header and the bytes behind it, which are not copied', async (t) => {
  const bytes = Buffer.concat([encodeStreamOpen(OPEN), Buffer.from('GET /')])
  const reader = new StreamOpenReader()
  t.match(reader.push(bytes), { ...OPEN, alpn: '', serverPort: 0 })
  t.equal(reader.rest.toString(), 'GET /')
  t.equal(reader.rest.buffer, bytes.buffer)
})

t.test('however it is cut, nothing is lost and nothing belongs to two', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 1, max: 20 }), (payload, size) => {
      const bytes = Buffer.concat([encodeStreamOpen(OPEN), payload])
      const reader = new StreamOpenReader()
      for (let at = 0; at < bytes.length; at += size) {
        const open = reader.push(bytes.subarray(at, at + size))
        if (open === null) continue
        const rest = Buffer.concat([reader.rest, bytes.subarray(at + size)])
        return open.sni === OPEN.sni && rest.equals(payload)
      }
      return false
    }),
  )
})

t.test('success is one byte', async (t) => {
  const bytes = encodeStreamAccept({ result: AcceptResult.OK })
  t.same(bytes, Buffer.from([0]))
  const reader = new StreamAcceptReader()
  const accept = reader.push(Buffer.concat([bytes, Buffer.from('data')]))
  t.equal(acceptError(accept!), null)
  t.equal(reader.rest.toString(), 'data')
})

t.test('every failure comes through with its code and its words', async (t) => {
  for (const result of Object.values(AcceptResult).filter(
    (value) => typeof value === 'number' && value !== AcceptResult.OK,
  )) {
    const reader = new StreamAcceptReader()
    const error = acceptError(reader.push(encodeStreamAccept({ result, detail: 'why' }))!)
    t.match(error, { message: 'why' })
    t.same(acceptOf(error!), { result, detail: 'why' })
  }
  const reader = new StreamAcceptReader()
  const future = acceptError(reader.push(encodeStreamAccept({ result: 99 as AcceptResult }))!)
  t.match(future, { code: 'UR_UPSTREAM_UNREACHABLE', message: /99/ }, 'of a newer agent too')
})

t.test('a header above 8 KiB is refused', async (t) => {
  const bytes = encodeStreamOpen({ ...OPEN, sni: 'x'.repeat(9000) })
  t.throws(() => new StreamOpenReader().push(bytes), { code: 'UR_PROTOCOL_TOO_LARGE' })
})

t.test(
  'why an upstream was not reached can be sent however long it is: a certificate has very many names',
  async (t) => {
    const names = Array.from({ length: 5_000 }, (_, i) => `DNS:host-${i}.example.org`).join(', ')
    const bytes = encodeStreamAccept(acceptOf(new UpstreamError('UR_UPSTREAM_TLS', `not in the altnames: ${names}`)))
    const accept = new StreamAcceptReader().push(bytes)
    t.match(accept && acceptError(accept), { code: 'UR_UPSTREAM_TLS', message: /altnames: DNS:host-0.*…$/ })
  },
)
