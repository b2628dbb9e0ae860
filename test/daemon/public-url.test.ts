import t from 'tap'
import { serverConfigFrom } from '../../src/config/index.js'
import { hostPort, publicUrl } from '../../src/daemon/public-url.js'

const config = (domain: string, tcpPorts: string | string[]) =>
  serverConfigFrom({ domain, listen: { tcp_ports: tcpPorts }, certs: { mode: 'dev' } }, 'the test')

t.test('tcp: the domain of the server', async (t) => {
  t.equal(
    publicUrl(config('t.example', '20000-20009'), { tls: 443, http: 80 }, 'tcp', null, 20_001),
    'tcp://t.example:20001',
  )
  t.equal(
    publicUrl(config('t.example', '127.0.0.1:20000-20009'), { tls: 443, http: 80 }, 'tcp', null, 20_001),
    'tcp://t.example:20001',
  )
})

t.test('tcp: where a server at home listens on one address only', async (t) => {
  t.equal(
    publicUrl(config('localhost', '127.0.0.1:20000-20009'), { tls: 443, http: 80 }, 'tcp', null, 20_001),
    'tcp://127.0.0.1:20001',
  )
  t.equal(
    publicUrl(config('localhost', '[::1]:20000-20009'), { tls: 443, http: 80 }, 'tcp', null, 20_001),
    'tcp://[::1]:20001',
  )
  t.equal(
    publicUrl(config('localhost', '0.0.0.0:20000-20009'), { tls: 443, http: 80 }, 'tcp', null, 20_001),
    'tcp://localhost:20001',
  )
  const two = config('localhost', ['127.0.0.1:20000-20009', '127.0.0.2:30000-30009'])
  t.equal(publicUrl(two, { tls: 443, http: 80 }, 'tcp', null, 30_001), 'tcp://127.0.0.2:30001')
})

t.test('tls: its own name, with a port unless it is the usual one', async (t) => {
  t.equal(
    publicUrl(config('t.example', '20000-20009'), { tls: 443, http: 80 }, 'tls', 'db.example.com', null),
    'tls://db.example.com',
  )
  t.equal(
    publicUrl(config('t.example', '20000-20009'), { tls: 8443, http: 80 }, 'tls', 'db.example.com', null),
    'tls://db.example.com:8443',
  )
})

t.test('http: https at the TLS port, http at the port for that', async (t) => {
  const ports = { tls: 8443, http: 8080 }
  const of = (scheme: 'http' | 'https', at = ports) =>
    publicUrl(config('t.example', '20000-20009'), at, scheme, 'a.t.example', null)
  t.equal(of('https'), 'https://a.t.example:8443')
  t.equal(of('http'), 'http://a.t.example:8080')
  t.equal(of('https', { tls: 443, http: 80 }), 'https://a.t.example')
  t.equal(of('http', { tls: 443, http: 80 }), 'http://a.t.example')
})

t.test('an IPv6 address has brackets', async (t) => {
  t.equal(hostPort('::1', 5), '[::1]:5')
  t.equal(hostPort('a', 5), 'a:5')
})
