import { once } from 'node:events'
import { Agent } from '../../src/agent/index.js'
import { parseHostPort } from '../../src/config/index.js'
import { Secret } from '../../src/core/secret.js'

// Keeps many agents of one token online in one process, each with a session and a tunnel of its own.
// usage: BENCH_TOKEN=… agents SERVER CA_FILE COUNT. Prints "online COUNT".
const AT_ONCE = 20
const [serverText = '', caFile = '', count = '0'] = process.argv.slice(2)
const server = parseHostPort(serverText)
if (server === undefined) throw new Error(`no address: ${serverText}`)
const token = new Secret(process.env['BENCH_TOKEN'] ?? '')

async function online(index: number): Promise<void> {
  const upstream = { kind: 'tcp', host: '127.0.0.1', port: 9 } as const
  const agent = new Agent({
    server: server!,
    token,
    caFile,
    tunnels: [{ name: `idle-${index}`, kind: 'tcp', upstream }],
  })
  agent.on('close', (error) => {
    throw error ?? new Error('an agent left')
  })
  const ready = once(agent, 'ready')
  agent.start()
  await ready
}

for (let next = 0; next < Number(count); next += AT_ONCE) {
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, Number(count) - next) }, (_, offset) => online(next + offset)),
  )
}
console.log(`online ${count}`)
