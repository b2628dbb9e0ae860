import { once } from 'node:events'
import tls from 'node:tls'
import t from 'tap'
import { agentHandshake } from '../../src/protocol/index.js'
import { AdminApi } from '../admin/support.js'
import { eventually, within } from '../support/hang.js'
import { Agent, type Server } from '../support/product.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'

interface Usage {
  readonly connections: number
  readonly bytes_in: number
  readonly bytes_out: number
}

interface History {
  readonly name: string
  readonly why: string | null
}

const usageOf = async (api: AdminApi): Promise<Usage | undefined> =>
  (await api.get<{ items: Usage[] }>('usage')).items[0]

// They wait together for what is written only now and then.
t.jobs = 2

t.test(
  'usage is written while a connection lasts, and nothing of it is lost on SIGTERM; on kill -9 little is',
  async (t) => {
    const [api, upstream] = await Promise.all([AdminApi.start(t), startEcho(t)])
    const { server } = api
    const args = ['tcp', String(upstream.port), '--name', 'db']
    const agent = await Agent.start(t, server, args)
    const token = server.tokens.at(-1) ?? ''
    const visitor = await visit(agent.port())
    t.teardown(() => visitor.destroy())
    await echoOn(visitor, Buffer.alloc(100_000, 'x'))
    const used = (bytes: number) =>
      eventually(`a usage of ${bytes} bytes`, async () => {
        const usage = await usageOf(api)
        if (usage?.bytes_out !== bytes) throw new Error(JSON.stringify(usage))
        return usage
      })
    t.match(await used(100_000), { connections: 1, bytes_in: 100_000 }, 'while the connection lasts')

    await echoOn(visitor, Buffer.alloc(50_000, 'x'))
    await echo(agent.port(), Buffer.alloc(7, 'x'))
    await server.process.stop('SIGTERM')
    const stopped = await server.uniroutd('usage', '--json')
    t.match(JSON.parse(stopped.out), { connections: 2, bytes_in: 150_007, bytes_out: 150_007 }, 'nothing is lost')

    await api.launch()
    const again = await Agent.start(t, server, args, { token })
    await echo(again.port(), Buffer.alloc(1_000, 'x'))
    t.match(await used(151_007), { connections: 3 })
    await server.process.stop('SIGKILL')
    const killed = await server.uniroutd('usage', '--json')
    t.match(JSON.parse(killed.out), { connections: 3, bytes_in: 151_007 })

    await api.launch()
    const { items } = await api.get<{ items: History[] }>('tunnel-history')
    const ended = items.filter(({ why }) => why !== null).map(({ why }) => why)
    t.ok(ended.includes('crashed'), `after kill -9: ${ended.join()}`)
    t.ok(ended.includes('UR_SERVER_DRAINING'), `after SIGTERM: ${ended.join()}`)
  },
)

t.test('a takeover and a ban stand in the audit log', async (t) => {
  const [api, upstream] = await Promise.all([AdminApi.start(t), startEcho(t)])
  const { server } = api
  const port = String(server.ports.first)
  const args = ['tcp', String(upstream.port), '--remote-port', port]
  const first = await Agent.start(t, server, args)
  const token = server.tokens.at(-1) ?? ''
  await Agent.start(t, server, args, { token })
  await first.process.exit
  type Entry = { action: string; actor: string; object: string }
  const audit = async (action: string) => {
    const { items } = await api.get<{ items: Entry[] }>('audit')
    return items.filter((entry) => entry.action === action)
  }
  const one = (action: string) =>
    eventually(action, async () => {
      const entries = await audit(action)
      if (entries.length !== 1) throw new Error(JSON.stringify(entries))
      return entries[0]
    })
  t.match(await one('tunnel.takeover'), { actor: /^tok_/, object: `tcp://127.0.0.1:${port}` })
  const stranger = `unr_${'a'.repeat(43)}`
  await Promise.all(Array.from({ length: 4 }, () => refusals(server, stranger, 5)))
  t.match(await one('login.ban'), { actor: 'server', object: '127.0.0.1' })
})

/** So many logins with a token that is no good, one after the other. */
async function refusals(server: Server, token: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: server.port,
      ALPNProtocols: ['uniroute/1'],
      rejectUnauthorized: false,
    })
    await within('a handshake', once(socket, 'secureConnect'))
    await agentHandshake(socket, { hello: { protocol: 1, token } }).catch(() => undefined)
    socket.destroy()
  }
}
