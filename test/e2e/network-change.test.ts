import { spawnSync } from 'node:child_process'
import t from 'tap'
import { Process, must } from '../support/processes.js'
import { Agent, Server } from '../support/product.js'

const namespace = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up'])
const skip = namespace.status === 0 ? false : 'needs root, unshare (util-linux) and ip (iproute2)'

/** The server's address; beside it, the agent has one that changes. */
const HOST = '10.77.0.1'

const ECHO = `
const server = require('net').createServer((socket) => socket.pipe(socket))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`
const VISITOR = `
const socket = require('net').connect(Number(process.argv[1]), '127.0.0.1')
process.stdin.pipe(socket).pipe(process.stdout)
`

t.test('the agent gets another address: it moves before its old connection is dead', { skip }, async (t) => {
  const holder = new Process('network', 'unshare', ['-n', 'sh', '-c', 'echo there && exec cat'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.teardown(() => holder.stop())
  await holder.line(/^there$/)
  const wrapper = ['nsenter', '-t', String(holder.pid), '-n']
  const ip = (text: string) => must(wrapper[0]!, [...wrapper.slice(1), 'ip', ...text.split(' ')])
  await ip('link set lo up')
  await ip(`address add ${HOST}/32 dev lo`)
  /** Connections to the server come from this address from now on, and none of another is served. */
  const moveTo = async (address: string, from?: string): Promise<void> => {
    await ip(`address add ${address}/32 dev lo`)
    await ip(`route replace local ${HOST} dev lo table local src ${address}`)
    if (from !== undefined) await ip(`address del ${from}/32 dev lo`)
  }
  await moveTo('10.77.0.2')
  const inside = (name: string, script: string, ...args: string[]): Process => {
    const command = [...wrapper.slice(1), process.execPath, '-e', script, ...args]
    const child = new Process(name, wrapper[0]!, command, { stdio: ['pipe', 'pipe', 'pipe'] })
    t.teardown(() => child.stop())
    return child
  }
  const upstream = await inside('echo', ECHO).line(/^\d+$/)
  const server = await Server.start(t, { wrapper, start: false })
  await server.reconfigure({
    listen: { tls: `0.0.0.0:${server.port}` },
    certs: { mode: 'files', files: [await server.authority.issue([HOST])] },
  })
  await server.launch()
  const agent = await Agent.start(t, server, ['tcp', upstream], { wrapper, host: HOST })
  const visitor = inside('visitor', VISITOR, String(agent.port()))
  const says = async (text: string): Promise<void> => {
    visitor.child.stdin!.write(`${text}\n`)
    await visitor.line(new RegExp(`^${text}$`))
  }
  await says('before')
  await moveTo('10.77.0.3', '10.77.0.2')
  const moved = performance.now()
  const online = await agent.process.event('online')
  t.comment(`moved within ${Math.round(performance.now() - moved)} ms`)
  t.match(online, { resumed: true, away_ms: 0, visitors: 1 })
  await says('after')
  t.notOk(agent.process.events.some(({ event }) => event === 'offline'))
  t.match(agent.process.printed, 'an address or a route of this machine changed')

  // An interface that is no concern of the connection.
  const told = agent.process.err.length
  await ip('address add 10.88.0.1/24 dev lo')
  await agent.process.line(/an address or a route of this machine changed/, { where: 'err', from: told })
  await says('beside')
  t.equal(agent.process.events.filter(({ event }) => event === 'online').length, 1)
})
