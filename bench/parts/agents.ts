import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createSecureContext } from 'node:tls'
import { agentHandshake, ALPN, CAPABILITIES, ControlChannel, Kind, PROTOCOL_VERSION } from '../../src/protocol/index.js'
import { Session } from '../../src/wire/index.js'

// Holds many idle sessions of one token in one process, each with a tunnel of its own.
// usage: BENCH_TOKEN=… agents SERVER CA_FILE COUNT. Prints "online COUNT".
const AT_ONCE = 20
const [server = '', caFile = '', count = '0'] = process.argv.slice(2)
const [host, port] = server.split(':')
const secureContext = createSecureContext({ ca: readFileSync(caFile, 'utf8') })

async function online(index: number): Promise<void> {
  const socket = connect({ host, port: Number(port), secureContext, ALPNProtocols: [ALPN], minVersion: 'TLSv1.3' })
  await once(socket, 'secureConnect')
  const hello = {
    protocol: PROTOCOL_VERSION,
    agentVersion: 'bench',
    token: process.env['BENCH_TOKEN'] ?? '',
    instanceId: `bench-${index}`,
    capabilities: [...CAPABILITIES],
    maxCarriers: 1,
  }
  const { head } = await agentHandshake(socket, { hello }, { timeoutMs: 30_000 })
  await new Promise<void>((resolve) => {
    const lost = (error: Error | null): never => {
      throw error ?? new Error('a session was closed')
    }
    const session = new Session('client', {}, { onStream: (stream) => stream.reset(), onClose: lost })
    session.addCarrier(socket, head)
    const control = new ControlChannel(session.open(), {
      onMessage: ({ bound, refused }) => (refused ? lost(new Error(refused.message)) : bound && resolve()),
      onClose: lost,
    })
    // A name, and no port: a server has fewer ports than names.
    control.send({ bind: { request: 1, kind: Kind.KIND_TLS, name: `idle-${index}`, subdomain: `idle-${index}` } })
  })
}

for (let next = 0; next < Number(count); next += AT_ONCE) {
  await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => online(next + offset)))
}
console.log(`online ${count}`)
