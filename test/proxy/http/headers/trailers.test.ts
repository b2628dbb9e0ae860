import t from 'tap'
import { RandomIds, RequestHeaders, ResponseHeaders } from '../../../../src/proxy/http/headers/index.js'
import { trailerFields } from '../../../../src/proxy/http/headers/trailers.js'

t.test('trailers are passed on, but none that says how to read the message', async (t) => {
  const fields = [
    'grpc-status',
    '0',
    'Content-Length',
    '3',
    'X-Sum',
    'a',
    'Transfer-Encoding',
    'chunked',
    'Host',
    'h',
    ':path',
    '/',
  ]
  t.same(trailerFields([...fields, 'Set-Cookie', 'a=b', 'grpc-message', 'ok', 'Trailer', 'x', 'Connection', 'x-sum']), [
    ...['grpc-status', '0', 'X-Sum', 'a', 'grpc-message', 'ok'],
  ])
})

t.test('what a request may not say in its head, it may not say behind its body', async (t) => {
  const headers = new RequestHeaders({
    host: null,
    edits: { add: ['X-Added', '1'], remove: ['X-User'] },
    pseudonym: 'uniroute',
    ids: new RandomIds(),
  })
  const forged = [
    'X-Forwarded-For',
    'x_forwarded_host',
    'Forwarded',
    'X-Real-IP',
    'Via',
    'X-Request-Id',
    'Cookie',
    'Proxy',
  ]
  const fields = [...forged, 'X-USER', 'x_user', 'X-Sum'].flatMap((name) => [name, 'v'])
  t.same(headers.trailers(fields), ['X-Sum', 'v'])
})

t.test('a field that visitors are not to see does not come behind the body either', async (t) => {
  const headers = new ResponseHeaders({ add: ['X-Added', '1'], remove: ['X-Secret'] })
  t.same(headers.trailers(['x-secret', 's', 'grpc-status', '0']), ['grpc-status', '0'])
})
