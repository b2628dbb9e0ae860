import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import tls from 'node:tls'
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Authority } from '../support/certificates.js'
import { within } from '../support/hang.js'
import { freePort } from '../support/places.js'
import { Agent, runAgent, Server } from '../support/product.js'
import { echo, startEcho } from '../support/pumps.js'
import { agentHandshake } from '../../src/protocol/index.js'

/** Of those that need nothing special. */
const server = await Server.start(t)

t.test('an agent of another protocol version', async (t) => {
  const token = await server.createToken('future')
  const socket = tls.connect({
    port: server.port,
    host: '127.0.0.1',
    ALPNProtocols: ['uniroute/1'],
    rejectUnauthorized: false,
  })
  t.teardown(() => socket.destroy())
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  const hello = {
    protocol: 99,
    agentVersion: '99.0.0',
    token,
    instanceId: randomUUID(),
    capabilities: [],
    platform: 'test',
    maxCarriers: 1,
  }
  const error = await agentHandshake(socket, { hello }).then(
    () => null,
    (reason: unknown) => reason,
  )
  t.match(error, { code: 'UR_PROTOCOL_VERSION', message: /99.*\b1\b|\b1\b.*99/s }, 'is told both versions')
})

t.test('a certificate that does not verify', async (t) => {
  const other = await Authority.create(t, 'another authority')

  const strange = await runAgent(t, server, ['tcp', '9', '--no-reconnect'], { ca: null })
  t.equal(strange.code, 1)
  t.match(strange.err, /certificate.*UR_/is)
  t.match(strange.err, /--ca/, 'says what to do')

  const wrong = await runAgent(t, server, ['tcp', '9', '--no-reconnect'], { ca: other.ca })
  t.match(wrong.err, /certificate/i)

  const upstream = await startEcho(t)
  const insecure = await Agent.start(t, server, ['tcp', String(upstream.port), '--insecure'], { ca: null })
  await echo(insecure.port())
  t.match(insecure.process.err.join('\n'), /insecure|not verified/i, '--insecure warns')
})

t.test('a certificate for another name', async (t) => {
  const server = await Server.start(t)
  const pair = await server.authority.issue(['elsewhere.example.test'])
  await server.reconfigure({ certs: { mode: 'files', files: [pair] } })
  await server.restart('SIGTERM')
  const agent = await runAgent(t, server, ['tcp', '9', '--no-reconnect'])
  t.equal(agent.code, 1)
  t.match(agent.err, /certificate.*(127\.0\.0\.1|elsewhere)/is)
})

t.test('a server that is not there', async (t) => {
  const server = await Server.start(t, { start: false })
  const token = 'unr_' + 'a'.repeat(43)
  const agent = await runAgent(t, server, ['tcp', '9', '--no-reconnect'], { token })
  t.equal(agent.code, 4)
  t.match(agent.err, new RegExp(`127\\.0\\.0\\.1:${server.port}.*UR_`, 's'), 'names the address')

  const upstream = await startEcho(t)
  const patient = await Agent.spawn(t, server, ['tcp', String(upstream.port)], { token })
  await patient.process.event('offline')
  t.equal(patient.process.ending, null, 'without --no-reconnect it goes on trying')
})

t.test('a server that is no UniRoute', async (t) => {
  const server = await Server.start(t, { start: false })
  const authority = await Authority.create(t, 'a web site')
  const pair = await authority.issue(['127.0.0.1'])
  const site = tls.createServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, (socket) => {
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  const port = await freePort()
  await new Promise<void>((resolve) => site.listen(port, '127.0.0.1', resolve))
  t.teardown(() => site.close())
  const token = 'unr_' + 'a'.repeat(43)
  const agent = await runAgent(t, server, ['tcp', '9', '--no-reconnect'], { token, via: port, ca: authority.ca })
  t.ok(agent.code === 4 || agent.code === 3 || agent.code === 1, `exit code ${agent.code}`)
  t.match(agent.err, new RegExp(`${port}.*UR_`, 's'))
})

t.test('an unknown key of a configuration file', async (t) => {
  const server = await Server.start(t, { start: false })
  await server.reconfigure({ limits: { pending_conections: 5 } })
  const daemon = server.spawn()
  t.match(await within('uniroutd to give up', daemon.exit), { code: 2 })
  t.match(daemon.err.join('\n'), /limits\.pending_conections.*pending_connections.*UR_CONFIG_UNKNOWN_KEY/s)
  t.match(daemon.events.at(-1), { event: 'error', code: 'UR_CONFIG_UNKNOWN_KEY' })
  t.match(await server.uniroutd('check'), { code: 2, err: /UR_CONFIG_UNKNOWN_KEY/ })

  const file = path.join(server.folder, 'uniroute.yml')
  await writeFile(file, 'tunnels:\n  db: { kind: tcp, upstream: 5432, remote_prot: 20000 }\n')
  const agent = await runAgent(t, server, ['start', '--all', '--config', file], { token: 'unr_' + 'a'.repeat(43) })
  t.equal(agent.code, 2)
  t.match(agent.err, /remote_prot.*remote_port.*UR_CONFIG_UNKNOWN_KEY/s)
})

t.test('a listening port that is in use', async (t) => {
  const second = await Server.start(t, { start: false })
  await second.reconfigure({ listen: { tls: `127.0.0.1:${server.port}` } })
  const daemon = second.spawn()
  t.match(await within('uniroutd to give up', daemon.exit), { code: 1 })
  t.match(daemon.err.join('\n'), new RegExp(`127\\.0\\.0\\.1:${server.port}.*UR_LISTEN_IN_USE`, 's'))
})
