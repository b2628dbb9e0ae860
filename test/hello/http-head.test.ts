import t from 'tap'
import { looksLikeHttp, PLAIN_HTTP_ANSWER } from '../../src/hello/http-head.js'
import { clientHelloAlert } from '../../src/hello/alert.js'

t.test('HTTP is known by its method', async (t) => {
  for (const head of [
    'GET / HTTP/1.1',
    'POST http://x/ ',
    'CONNECT a:443 HTTP/1.1',
    'PRI * HTTP/2.0',
    'PROPFIND /x',
    'HEAD ',
  ]) {
    t.ok(looksLikeHttp(Buffer.from(head)), head)
  }
  for (const head of ['', 'GET', 'get / HTTP/1.1', ' GET /', 'HELO host', 'PROXY TCP4', '\x16\x03\x01', 'GETS ']) {
    t.notOk(looksLikeHttp(Buffer.from(head)), head)
  }
})

t.test('the answer is a complete response that says https', async (t) => {
  const [head, body] = PLAIN_HTTP_ANSWER.toString().split('\r\n\r\n')
  t.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  t.match(head, /\r\nConnection: close(\r\n|$)/)
  t.match(head, new RegExp(`\r\nContent-Length: ${Buffer.byteLength(body!)}\r\n`))
  t.match(body, /https:\/\//)
})

t.test('alerts are fatal and in one record (RFC 8446 §6)', async (t) => {
  t.same(clientHelloAlert('unrecognizedName'), Buffer.from([21, 3, 3, 0, 2, 2, 112]))
  t.same(clientHelloAlert('noApplicationProtocol'), Buffer.from([21, 3, 3, 0, 2, 2, 120]))
})
