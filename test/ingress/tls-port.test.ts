import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { connect } from 'node:tls'
import t from 'tap'
import { encodeProxyHeader } from '../../src/hello/index.js'
import { AcceptResult, Kind } from '../../src/protocol/index.js'
import { alpn, buildHello, sni } from '../support/client-hello.js'
import { eventually, within } from '../support/hang.js'
import { must, TestAgent } from '../tunnels/support.js'
import { exchange, testIngress } from './support.js'

t.test('an agent is known by its ALPN, with or without SNI, and gets TLS 1.3 with AES-128', async (t) => {
  const { port, authority, agents, admission } = await testIngress(t, { onAgent: () => Promise.resolve() })
  const ca = await readFile(authority.ca)
  for (const servername of ['tunnels.example.com', 'unknown.example', '']) {
    const checkServerIdentity = (): undefined => undefined
    const options = { port, host: '127.0.0.1', ca, servername, checkServerIdentity, ALPNProtocols: ['uniroute/1'] }
    const agent = connect(options)
    t.teardown(() => agent.destroy())
    await within('the handshake', once(agent, 'secureConnect'))
    t.equal(agent.alpnProtocol, 'uniroute/1')
    t.equal(agent.getProtocol(), 'TLSv1.3')
    t.match(agent.getCipher().name, 'TLS_AES_128_GCM_SHA256')
  }
  await eventually('three agents', () => must(agents.length === 3))
  await eventually('nobody to be pending', () => must(admission.pending === 0))
})

t.test('a visitor of a tls tunnel reaches its agent with the ClientHello untouched', async (t) => {
  const { server, port, admission } = await testIngress(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ kind: Kind.KIND_TLS, domain: '*.example.org' })
  const hello = buildHello({ extensions: [sni('DB.Example.org')] })
  const visitor = connectTcp(port, '127.0.0.1')
  t.teardown(() => visitor.destroy())
  visitor.write(hello.subarray(0, 20))
  await once(visitor, 'connect')
  visitor.write(hello.subarray(20))
  const { stream, open, data } = await agent.visitor({ result: AcceptResult.OK })
  t.match(open, {
    kind: Kind.KIND_TLS,
    sni: 'db.example.org',
    visitorAddress: '127.0.0.1',
    visitorPort: visitor.localPort,
  })
  await eventually('the ClientHello', () => must(data() === hello.toString()))
  stream.write(Buffer.from([22, 3, 3, 0, 0]))
  const [answer] = (await within('the answer', once(visitor, 'data'))) as [Buffer]
  t.same([...answer], [22, 3, 3, 0, 0])
  t.equal(admission.visitors, 1)
  visitor.resetAndDestroy()
  await eventually('the visitor to be gone', () => must(admission.visitors === 0))
})

t.test('a name without a tunnel, and no name at all, get the alert unrecognized_name', async (t) => {
  const { port, rejected } = await testIngress(t)
  const alert = [21, 3, 3, 0, 2, 2, 112]
  t.same([...(await exchange(t, port, buildHello({ extensions: [sni('nobody.example')] })))], alert)
  t.same([...(await exchange(t, port, buildHello()))], alert)
  t.same(rejected, ['UR_SNI_UNKNOWN', 'UR_SNI_UNKNOWN'])
})

t.test('what is no TLS: plain HTTP is answered, the rest closed, a broken ClientHello gets an alert', async (t) => {
  const { port, rejected } = await testIngress(t)
  const answer = (await exchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toString()
  t.match(answer, /^HTTP\/1\.1 400 /)
  t.match(answer, /https:\/\//)
  t.equal((await exchange(t, port, 'SSH-2.0-OpenSSH_9.2\r\n')).length, 0)
  const broken = Buffer.concat([Buffer.from([22, 3, 1, 0, 8, 1, 0, 0, 4]), Buffer.alloc(4)])
  t.same([...(await exchange(t, port, broken))], [21, 3, 3, 0, 2, 2, 50])
  t.same(rejected, ['UR_HELLO_PLAIN_HTTP', 'UR_HELLO_NOT_TLS', 'UR_HELLO_INVALID'])
})

t.test('silence and half a ClientHello end at the deadline', async (t) => {
  const { port, rejected, admission } = await testIngress(t, { limits: { helloTimeoutMs: 30 } })
  const hello = buildHello({ extensions: [sni('db.example.org')] })
  await within('both to be closed', Promise.all([exchange(t, port, ''), exchange(t, port, hello.subarray(0, 50))]))
  t.same(rejected, ['UR_HELLO_TIMEOUT', 'UR_HELLO_TIMEOUT'])
  t.equal(admission.pending, 0)
})

t.test('an agent that stops in the middle of its TLS handshake ends at the deadline', async (t) => {
  // Time enough for its ClientHello, even on a busy machine.
  const { port, rejected, admission } = await testIngress(t, { limits: { helloTimeoutMs: 500 } })
  const agent = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['uniroute/1'] })
  agent.on('error', () => undefined)
  await once(agent, 'connect')
  ;(agent as unknown as { _handle: { readStop(): void } })._handle.readStop()
  await eventually('it to be turned away', () => must(rejected.includes('UR_TLS_HANDSHAKE')))
  await eventually('nobody to be pending', () => must(admission.pending === 0))
  agent.destroy()
})

t.test('an agent that does not trust the certificate is not waited for', async (t) => {
  const { port, rejected, admission } = await testIngress(t, { limits: { helloTimeoutMs: 60_000 } })
  const agent = connect({ port, host: '127.0.0.1', ALPNProtocols: ['uniroute/1'] })
  await within('the agent to give up', once(agent, 'error'))
  await eventually('it to be turned away', () => must(rejected.includes('UR_TLS_HANDSHAKE')))
  await eventually('nobody to be pending', () => must(admission.pending === 0))
})

t.test('beyond the bound on silent connections the oldest goes', async (t) => {
  const { port, rejected, admission } = await testIngress(t, { limits: { pendingConnections: 2 } })
  const oldest = exchange(t, port, '')
  await eventually('the first', () => must(admission.pending === 1))
  void exchange(t, port, '')
  await eventually('the second', () => must(admission.pending === 2))
  void exchange(t, port, '')
  await within('the oldest to be closed', oldest)
  t.equal(admission.pending, 2)
  t.ok(rejected.includes('UR_PENDING_LIMIT'))
})

t.test('beyond the bound on visitors new ones are closed', async (t) => {
  const { server, port, rejected } = await testIngress(t, { limits: { connections: 0 } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ kind: Kind.KIND_TLS, domain: 'db.example.org' })
  t.equal((await exchange(t, port, buildHello({ extensions: [sni('db.example.org')] }))).length, 0)
  t.same(rejected, ['UR_CONNECTION_LIMIT'])
})

t.test('one address may have so many visitors at once, and so many new ones a second', async (t) => {
  const limits = { addressConnections: 2, addressRate: 0 }
  const { server, port, rejected, admission } = await testIngress(t, { limits })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ kind: Kind.KIND_TLS, domain: 'db.example.org' })
  const hello = buildHello({ extensions: [sni('db.example.org')] })
  const visit = async () => {
    const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined)
    t.teardown(() => socket.destroy())
    socket.write(hello)
    await agent.visitor({ result: AcceptResult.OK })
    return socket
  }
  const open = [await visit(), await visit()]
  t.equal((await exchange(t, port, hello)).length, 0)
  t.same(rejected, ['UR_ADDRESS_CONNECTIONS'])
  open[0]?.resetAndDestroy()
  await eventually('one to be gone', () => must(admission.visitors === 1))
  await visit()
  t.equal((await exchange(t, port, hello)).length, 0)

  Object.assign(limits, { addressConnections: 0, addressRate: 0.001 })
  await visit()
  t.equal((await exchange(t, port, hello)).length, 0)
  t.same(rejected, ['UR_ADDRESS_CONNECTIONS', 'UR_ADDRESS_CONNECTIONS', 'UR_ADDRESS_RATE'])
})

t.test('a trusted proxy tells who the visitor is; from anybody else its header is no TLS', async (t) => {
  const header = encodeProxyHeader(2, {
    source: { address: '192.0.2.7', port: 4711 },
    destination: { address: '198.51.100.1', port: 443 },
  })
  const hello = buildHello({ extensions: [sni('db.example.org')] })
  const trusting = await testIngress(t, { trusted: true })
  const agent = await TestAgent.connect(t, trusting.server)
  await agent.bind({ kind: Kind.KIND_TLS, domain: 'db.example.org' })
  void exchange(t, trusting.port, Buffer.concat([header, hello]))
  const { open, data } = await agent.visitor({ result: AcceptResult.OK })
  const ends = { visitorAddress: '192.0.2.7', visitorPort: 4711, serverAddress: '198.51.100.1', serverPort: 443 }
  t.match(open, ends)
  await eventually('the ClientHello alone', () => must(data() === hello.toString()))
  t.equal((await exchange(t, trusting.port, hello)).length, 0)
  t.same(trusting.rejected, ['UR_PROXY_HEADER_INVALID'])

  const other = await testIngress(t)
  t.equal((await exchange(t, other.port, Buffer.concat([header, hello]))).length, 0)
  t.same(other.rejected, ['UR_PROXY_HEADER_UNTRUSTED'])
})

t.test('an agent that resets its connection right after the handshake leaves nothing behind', async (t) => {
  const { port, admission } = await testIngress(t)
  for (let i = 0; i < 10; i++) {
    const raw = connectTcp(port, '127.0.0.1')
    await once(raw, 'connect')
    const agent = connect({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ['uniroute/1'] })
    agent.on('error', () => undefined)
    await within('the handshake', once(agent, 'secureConnect'))
    if (i % 2 === 0) agent.write('half a Hello')
    raw.resetAndDestroy()
  }
  await eventually('nobody to be pending', () => must(admission.pending === 0))
})

t.test('a visitor that names more protocols than the header of a stream can hold reaches the agent', async (t) => {
  const { server, port } = await testIngress(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ kind: Kind.KIND_TLS, domain: 'db.example.org' })
  const visitor = connectTcp(port, '127.0.0.1')
  t.teardown(() => visitor.destroy())
  const names = Array.from({ length: 60 }, () => 'x'.repeat(200))
  visitor.write(buildHello({ extensions: [sni('db.example.org'), alpn(...names)] }))
  const { open } = await agent.visitor({ result: AcceptResult.OK })
  t.equal(open.sni, 'db.example.org')
  t.equal(open.alpn.length, 1024)
})
