import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect } from 'node:tls'
import t from 'tap'
import { AnswerBook, type Challenge } from '../../src/certs/index.js'
import { silentLogger } from '../../src/core/logger.js'
import { AcceptResult, Kind } from '../../src/protocol/index.js'
import { issuerFor, never } from '../certs/acme/support.js'
import { alpn, buildHello, sni } from '../support/client-hello.js'
import { eventually, within } from '../support/hang.js'
import { Pebble } from '../support/pebble.js'
import { program } from '../support/places.js'
import { run } from '../support/processes.js'
import { must, TestAgent } from '../tunnels/support.js'
import { exchange, testHttpPort, testIngress } from './support.js'

const NAME = 'shop.example.com'
const ALERT = [21, 3, 3, 0, 2, 2, 112]

const book = (kinds: readonly ('http-01' | 'tls-alpn-01')[] = ['tls-alpn-01', 'http-01']) =>
  new AnswerBook({ kinds, store: null, log: silentLogger })
const challengeOf = (type: Challenge['type'], token = 'token-1'): Challenge => ({
  type,
  name: NAME,
  token,
  keyAuthorization: `${token}.thumbprint`,
})

t.test('pebble issues by tls-alpn-01 and by http-01, answered by the real ports', async (t) => {
  for (const kind of ['tls-alpn-01', 'http-01'] as const) {
    const solver = book([kind])
    const ingress = await testIngress(t, { challengeContext: (name) => solver.tlsAlpnContext(name) })
    const httpPort = await testHttpPort(t, ingress, (host, token) => solver.httpAnswer(host, token))
    const pebble = await Pebble.start(t, { tlsPort: ingress.port, httpPort })
    const names = [NAME, 'www.example.com']
    const { chain } = await issuerFor(pebble, { solver }).issue({ names, replaces: null }, never())
    t.equal(new X509Certificate(chain).subjectAltName, `DNS:${NAME}, DNS:www.example.com`, kind)
    t.equal(solver.size, 0)
    t.same(ingress.rejected, [])
    await eventually('all connections to be gone', () => must(ingress.admission.pending === 0))
  }
})

t.test('openssl gets the proof by acme-tls/1, and nothing else', async (t) => {
  const solver = book()
  const { port, admission } = await testIngress(t, { challengeContext: (name) => solver.tlsAlpnContext(name) })
  const challenge = challengeOf('tls-alpn-01')
  await solver.show(challengeOf('tls-alpn-01', 'older'), never())
  await solver.show(challenge, never())
  const openssl = await program('openssl', 'openssl')
  for (const version of ['-tls1_2', '-tls1_3']) {
    const ask = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', NAME, '-alpn', 'acme-tls/1', version]
    // Its exit code says no more than whether it wanted to write once the connection was over.
    const { out } = await run(openssl, ask)
    t.match(out, /ALPN protocol: acme-tls\/1/)
    const certificate = new X509Certificate(/-----BEGIN[^]*END CERTIFICATE-----/.exec(out)![0])
    t.equal(certificate.subjectAltName, `DNS:${NAME}`)
    const digest = createHash('sha256').update(challenge.keyAuthorization).digest()
    // RFC 8737 §3: critical, an octet string within that of the extension.
    const extension = Buffer.concat([
      Buffer.from('06082b0601050507011f', 'hex'),
      Buffer.from('0101ff0422', 'hex'),
      Buffer.from('0420', 'hex'),
      digest,
    ])
    t.ok(certificate.raw.includes(extension))
    t.ok(certificate.verify(certificate.publicKey))
  }
  await eventually('all connections to be gone', () => must(admission.pending === 0))
})

t.test('a name without a proof gets unrecognized_name, also one of an http tunnel, and is counted', async (t) => {
  const solver = book()
  const { server, port, rejected } = await testIngress(t, { challengeContext: (name) => solver.tlsAlpnContext(name) })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ kind: Kind.KIND_HTTP, domain: 'web.example.org' })
  for (const name of ['nobody.example', 'web.example.org']) {
    t.same([...(await exchange(t, port, buildHello({ extensions: [sni(name), alpn('acme-tls/1')] })))], ALERT, name)
  }
  t.same([...(await exchange(t, port, buildHello({ extensions: [alpn('acme-tls/1')] })))], ALERT, 'no name')
  t.same(rejected, ['UR_CHALLENGE_UNKNOWN', 'UR_CHALLENGE_UNKNOWN', 'UR_CHALLENGE_UNKNOWN'])
})

t.test('the name of a tls tunnel: our proof when there is one, otherwise its agent is asked', async (t) => {
  const solver = book()
  const { server, port } = await testIngress(t, { challengeContext: (name) => solver.tlsAlpnContext(name) })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ kind: Kind.KIND_TLS, domain: NAME })
  const hello = buildHello({ extensions: [sni(NAME), alpn('acme-tls/1')] })
  const visitor = connectTcp(port, '127.0.0.1')
  t.teardown(() => visitor.destroy())
  visitor.write(hello)
  const { open, data } = await agent.visitor({ result: AcceptResult.OK })
  t.match(open, { sni: NAME, alpn: 'acme-tls/1' })
  await eventually('the ClientHello', () => must(data() === hello.toString()))

  await solver.show(challengeOf('tls-alpn-01'), never())
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: NAME,
    rejectUnauthorized: false,
    ALPNProtocols: ['acme-tls/1'],
  })
  await within('the handshake', once(socket, 'secureConnect'))
  t.equal(socket.getPeerCertificate().subject.CN, 'UniRoute challenge')
  socket.on('data', () => t.fail('nothing is said'))
  await within('the end', once(socket, 'close'))

  await solver.remove(challengeOf('tls-alpn-01'))
  visitor.resetAndDestroy()
  void exchange(t, port, hello)
  t.match((await agent.visitor({ result: AcceptResult.OK })).open, { sni: NAME })
})

t.test('an authority that stops in the middle of its handshake ends at the deadline', async (t) => {
  const solver = book()
  await solver.show(challengeOf('tls-alpn-01'), never())
  const challengeContext = (name: string) => solver.tlsAlpnContext(name)
  const { port, rejected, admission } = await testIngress(t, { challengeContext, limits: { helloTimeoutMs: 500 } })
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: NAME,
    rejectUnauthorized: false,
    ALPNProtocols: ['acme-tls/1'],
  })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  ;(socket as unknown as { _handle: { readStop(): void } })._handle.readStop()
  await eventually('it to be turned away', () => must(rejected.includes('UR_TLS_HANDSHAKE')))
  await eventually('nobody to be pending', () => must(admission.pending === 0))
  socket.destroy()
})

t.test(
  'curl gets the answer of http-01 before redirects; other tokens, hosts and methods go on to the tunnel',
  async (t) => {
    const solver = book()
    const ingress = await testIngress(t)
    const port = await testHttpPort(t, ingress, (host, token) => solver.httpAnswer(host, token))
    const agent = await TestAgent.connect(t, ingress.server)
    await agent.bind({ kind: Kind.KIND_HTTP, domain: NAME })
    await solver.show(challengeOf('http-01'), never())
    const curl = await program('curl', 'curl')
    const path = '/.well-known/acme-challenge'
    const ask = async (url: string, ...more: string[]) => {
      const { out } = await run(curl, [
        '-s',
        '-i',
        '--noproxy',
        '*',
        '--connect-to',
        `::127.0.0.1:${port}`,
        ...more,
        url,
      ])
      return out
    }
    const answer = await ask(`http://${NAME}${path}/token-1`)
    t.match(answer, /^HTTP\/1\.1 200/)
    t.match(answer, /content-type: text\/plain/i)
    t.match(answer, /\n\ntoken-1\.thumbprint$/)
    t.match(await ask(`http://SHOP.example.com:8080${path}/token-1`), /token-1\.thumbprint/)
    t.match(await ask(`http://${NAME}${path}/token-1`, '-I'), /^HTTP\/1\.1 200[^]*content-length: 18/i)
    t.match(await ask(`http://${NAME}${path}/token-2`), /^HTTP\/1\.1 308/)
    t.match(await ask(`http://${NAME}${path}/../token-1`, '--path-as-is'), /^HTTP\/1\.1 308/)
    t.match(await ask(`http://${NAME}${path}/token-1`, '-d', 'x'), /^HTTP\/1\.1 308/)
    t.match(await ask(`http://other.example.com${path}/token-1`), /^HTTP\/1\.1 404/)
    await solver.remove(challengeOf('http-01'))
    t.match(await ask(`http://${NAME}${path}/token-1`), /^HTTP\/1\.1 308/)
  },
)
