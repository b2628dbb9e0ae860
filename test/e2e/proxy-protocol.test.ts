import net from 'node:net'
import t from 'tap'
import { Authority } from '../support/certificates.js'
import { program } from '../support/places.js'
import { must } from '../support/processes.js'
import { Agent, Server } from '../support/product.js'
import { echoOn, exchange, startEcho, startUpstream, visit } from '../support/pumps.js'
import { startLoadBalancer, startNginx } from '../support/real-servers.js'
import { eventually } from '../support/hang.js'

const trusting = (proxies: string) => Server.start(t, { config: { listen: { proxy_protocol: [proxies] } } })
/** One that trusts nobody, and two behind load balancers. */
const [server, behind, behindMany] = await Promise.all([
  Server.start(t),
  trusting('127.0.0.1'),
  trusting('127.0.0.0/8'),
])

for (const version of [1, 2] as const) {
  t.test(`PROXY protocol version ${version} to the upstream: nginx learns the visitor's address`, async (t) => {
    const nginx = await startNginx(
      t,
      `server { listen 127.0.0.1:$PORT proxy_protocol; location / {
         return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_port"; } }`,
    )
    const agent = await Agent.start(t, server, ['tcp', String(nginx.port), '--proxy-protocol', String(version)])
    const { answer, localPort } = await request(agent.port())
    t.equal(answer, `127.0.0.1 ${localPort} ${agent.port()}`)
  })

  t.test(`PROXY protocol version ${version} from an outer load balancer, in front of a TCP port`, async (t) => {
    const upstream = await startUpstream(t, (socket) => socket.once('data', (chunk) => socket.end(chunk)))
    const { port: via } = await startLoadBalancer(t, behind.port, version)
    const agent = await Agent.start(t, behind, ['tcp', String(upstream.port), '--proxy-protocol', '1'], { via })
    const outer = await startLoadBalancer(t, agent.port(), version)
    const visitor = await visit(outer.port)
    const local = visitor.localPort
    const first = new Promise<Buffer>((resolve) => visitor.once('data', resolve))
    visitor.write('hello')
    const [header] = (await first).toString().split('\r\n') // what follows may come in the same read
    t.equal(header, `PROXY TCP4 127.0.0.1 127.0.0.1 ${local} ${outer.port}`)
    visitor.destroy()
  })

  t.test(`PROXY protocol version ${version} from an outer load balancer, in front of the TLS port`, async (t) => {
    const authority = await Authority.create(t, 'authority of nginx')
    const { cert, key } = await authority.issue(['db.example.test'])
    const nginx = await startNginx(
      t,
      `server { listen 127.0.0.1:$PORT ssl proxy_protocol; ssl_certificate ${cert}; ssl_certificate_key ${key};
         location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port"; } }`,
    )
    const outer = await startLoadBalancer(t, behindMany.port, version)
    const args = ['tls', String(nginx.port), '--domain', 'db.example.test', '--proxy-protocol', '2']
    await Agent.start(t, behindMany, args, { via: outer.port })
    t.pass('an agent comes in through it')

    const curl = await program('curl', 'curl')
    const options = ['-sS', '--noproxy', '*', '--cacert', authority.ca, '-w', '\\n127.0.0.1:%{local_port}']
    const where = ['--resolve', `db.example.test:${outer.port}:127.0.0.1`, `https://db.example.test:${outer.port}/`]
    const [seen, real] = (await must(curl, [...options, ...where])).out.split('\n')
    t.equal(seen, real, 'nginx sees the visitor of the load balancer')
  })
}

t.test('a PROXY header from somebody who is not trusted is taken as payload', async (t) => {
  const upstream = await startEcho(t)
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  const forged = Buffer.from('PROXY TCP4 10.9.8.7 10.0.0.1 1 2\r\nhello')
  const visitor = await visit(agent.port())
  await echoOn(visitor, forged)
  visitor.destroy()
  t.notMatch(agent.process.printed, /10\.9\.8\.7/)
  await exchange(server.port, forged)
  await eventually('it to be turned away', async () => {
    const reason = 'UR_PROXY_HEADER_UNTRUSTED'
    if (!(await server.metric('uniroute_rejections_total', { reason }))) throw new Error('not yet')
  })
})

t.test('a trusted load balancer that sends no header is turned away', async (t) => {
  const upstream = await startEcho(t)
  const outer = await startLoadBalancer(t, behind.port, 2)
  const agent = await Agent.start(t, behind, ['tcp', String(upstream.port)], { via: outer.port })
  const counted = () => behind.metric('uniroute_rejections_total', { reason: 'UR_PROXY_HEADER_INVALID' })
  const before = await counted()
  const { answer } = await exchange(agent.port(), 'GET / HTTP/1.1\r\nHost: a-long-enough-first-line\r\n\r\n')
  t.equal(answer.length, 0)
  await eventually('it to be counted', async () => {
    if ((await counted()) === before) throw new Error('no')
  })
})

/** One HTTP/1.0 request over a socket whose local port is known. */
async function request(port: number): Promise<{ answer: string; localPort: number }> {
  const socket = net.connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  const localPort = socket.localPort ?? 0
  socket.write('GET / HTTP/1.0\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return { answer: text.split('\r\n\r\n')[1] ?? '', localPort }
}
