import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { encodeProxyHeader } from '../../src/hello/index.js'
import { Admission, TcpPorts } from '../../src/ingress/index.js'
import { RouteTable } from '../../src/routing/index.js'
import { PortRanges, type TunnelTable } from '../../src/tunnels/index.js'
import { AcceptResult } from '../../src/protocol/index.js'
import { freePort } from '../support/places.js'
import { TestAgent, testServer } from '../tunnels/support.js'
import { BOUNDS, exchange } from './support.js'

/** Ports on loopback in front of `table`; `rejected` collects codes. */
function tcpPorts(t: Test, table: TunnelTable, port: number, trusted = false): { ports: TcpPorts; rejected: string[] } {
  const rejected: string[] = []
  const hooks = { rejected: (code: string) => rejected.push(code) }
  const ports = new TcpPorts({
    table,
    ranges: new PortRanges([{ host: '127.0.0.1', from: port, to: port }]),
    admission: new Admission(() => BOUNDS, hooks, silentLogger, systemClock),
    limits: () => BOUNDS,
    isTrustedProxy: () => trusted,
  })
  t.teardown(() => ports.close())
  return { ports, rejected }
}

t.test('a port listens until its lease is closed', async (t) => {
  const port = await freePort()
  const { ports } = tcpPorts(t, new RouteTable(), port)
  const lease = await ports.open(port)
  t.equal(ports.openPorts, 1)
  t.equal((await exchange(t, port, 'x')).length, 0, 'without a tunnel it is reset')
  lease.close()
  const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
  t.equal(error.code, 'ECONNREFUSED')
  await ports.open(port)
})

t.test('a port that cannot be had says why', async (t) => {
  const port = await freePort()
  const foreign = createServer().listen(port, '127.0.0.1')
  t.teardown(() => foreign.close())
  await once(foreign, 'listening')
  const { ports } = tcpPorts(t, new RouteTable(), port)
  await t.rejects(ports.open(port), {
    code: 'UR_PORT_TAKEN',
    message: `Port ${port} is in use by another program on the server; choose another.`,
  })
  t.equal(ports.openPorts, 0)
})

t.test('behind a trusted proxy the header is read, split or not, and what follows it is the payload', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const { bound } = await agent.bind({ remotePort: server.first })
  const tunnel = server.table.findPort(server.first)
  t.ok(bound && tunnel)
  const port = await freePort()
  const table: TunnelTable = new RouteTable()
  if (tunnel !== undefined) table.setPort(port, tunnel)
  const { ports, rejected } = tcpPorts(t, table, port, true)
  await ports.open(port)
  const header = encodeProxyHeader(1, {
    source: { address: '192.0.2.7', port: 4711 },
    destination: { address: '198.51.100.1', port: 5432 },
  })
  for (const cut of [10, header.length, header.length + 3]) {
    const visitor = connect(port, '127.0.0.1')
    t.teardown(() => visitor.destroy())
    const bytes = Buffer.concat([header, Buffer.from('hello')])
    visitor.setNoDelay(true)
    visitor.write(bytes.subarray(0, cut))
    await once(visitor, 'connect')
    await new Promise((resolve) => setImmediate(resolve))
    visitor.write(bytes.subarray(cut))
    const { open, stream, data } = await agent.visitor({ result: AcceptResult.OK })
    t.match(open, { visitorAddress: '192.0.2.7', visitorPort: 4711, serverAddress: '198.51.100.1', serverPort: 5432 })
    visitor.end()
    stream.end()
    await once(visitor.resume(), 'close')
    t.equal(data(), 'hello')
  }
  await exchange(t, port, 'no header at all, and long enough')
  t.same(rejected, ['UR_PROXY_HEADER_INVALID'])
})
