import { spawnSync } from 'node:child_process'
import path from 'node:path'
import net from 'node:net'
import t from 'tap'
import { eventually } from '../support/hang.js'
import { openDescriptors } from '../support/memory.js'
import { program, temporaryFolder, type Owner } from '../support/places.js'
import { BIN, Agent, runAgent, Server } from '../support/product.js'
import { must, Process, run } from '../support/processes.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'

t.test('no file descriptors left', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  const limit = await leaveDescriptors(server.process.pid, 40)
  const sockets: net.Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  let turnedAway = 0
  for (let i = 0; i < 150; i++) {
    const socket = net.connect(agent.port(), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.once('close', () => (turnedAway += 1))
    socket.resume()
    sockets.push(socket)
  }
  await eventually('visitors to be turned away', async () => {
    if (turnedAway < 50) throw new Error(`${turnedAway} turned away`)
  })
  const open = await openDescriptors(server.process.pid)
  t.ok(Math.abs(open - limit) < 10, `${open} descriptors are open, ${limit} may be`)
  t.equal(server.process.ending, null, 'the server lives')
  await server.process.line(/UR_FD_EXHAUSTED/, { where: 'err' })

  for (const socket of sockets) socket.destroy()
  await eventually('the tunnel to work again', () => echo(agent.port(), Buffer.from('x'), 1000))
  t.equal(agent.process.ending, null, 'and the agent was not lost')
})

t.test('an agent without file descriptors', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  await leaveDescriptors(agent.process.pid, 30)
  const visitors = await Promise.all(Array.from({ length: 100 }, () => visit(agent.port())))
  const answers = await Promise.allSettled(visitors.map((visitor) => echoOn(visitor)))
  t.ok(
    answers.some((answer) => answer.status === 'fulfilled'),
    'some are served',
  )
  t.ok(
    answers.some((answer) => answer.status === 'rejected'),
    'the others are turned away',
  )
  for (const visitor of visitors) visitor.destroy()
  await eventually('the tunnel to work again', () => echo(agent.port(), Buffer.from('x'), 1000))
})

/** Lets a running process open `count` descriptors more than it has (Node itself needs hundreds to start). */
async function leaveDescriptors(pid: number, count: number): Promise<number> {
  const limit = (await openDescriptors(pid)) + count
  const prlimit = await program('prlimit', 'util-linux')
  await must(prlimit, ['--pid', String(pid), `--nofile=${limit}:${limit}`])
  return limit
}

t.test('a locked database', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const token = await server.createToken('before')
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  const sqlite = await program('sqlite3', 'sqlite3')
  const locker = new Process('sqlite3', sqlite, [path.join(server.folder, 'data/uniroute.db')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.teardown(() => locker.stop('SIGKILL'))
  locker.child.stdin?.write("BEGIN EXCLUSIVE;\nSELECT 'locked';\n")
  await locker.line(/^locked$/)

  const create = await server.uniroutd('token', 'create', 'during')
  t.equal(create.code, 1)
  t.match(create.err, /UR_STORE_LOCKED/)
  await echo(agent.port())
  t.equal(agent.process.ending, null, 'agents that are there stay')

  locker.child.stdin?.write('ROLLBACK;\n')
  locker.child.stdin?.end()
  await locker.exit
  t.match(await server.uniroutd('token', 'create', 'after'), { code: 0 })
  await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  t.equal(server.process.ending, null)
})

t.test('a full disk', async (t) => {
  const disk = await SmallDisk.start(t)
  const [server, upstream] = await Promise.all([
    Server.start(t, { config: { data_dir: disk.folder }, wrapper: disk.enter, start: false }),
    startEcho(t),
  ])
  const inside = (...args: string[]) =>
    run(disk.enter[0] ?? '', [...disk.enter.slice(1), ...args], { cwd: server.folder })
  const tokenOf = (name: string) =>
    inside(process.execPath, BIN.uniroutd, 'token', 'create', name, '--json', '--config', server.configFile)
  const first = await tokenOf('before')
  t.equal(first.code, 0, first.err)
  const { token } = JSON.parse(first.out) as { token: string }
  await server.launch()
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)], { token })
  await inside('sh', '-c', `cat /dev/zero > ${disk.folder}/filling 2>/dev/null`)

  let full = await tokenOf('during-0')
  for (let i = 1; full.code === 0 && i < 200; i++) full = await tokenOf(`during-${i}`)
  t.equal(full.code, 1)
  t.match(full.err, /UR_STORE_FULL/)
  await echo(agent.port())
  const again = await runAgent(t, server, ['tcp', String(upstream.port), '--no-reconnect', '--remote-port', '1'], {
    token,
  })
  t.match(again.err, /UR_PORT_RANGE/, 'a known token still logs in')

  await inside('rm', `${disk.folder}/filling`)
  t.match(await tokenOf('after'), { code: 0 }, 'what was saved is not lost')
  t.equal(server.process.ending, null)
})

/** A file system of 1 MiB in a mount namespace of its own; needs root, or user namespaces. */
class SmallDisk {
  private constructor(
    readonly folder: string,
    /** The command that runs another inside of the namespace. */
    readonly enter: string[],
  ) {}

  static async start(t: Owner): Promise<SmallDisk> {
    const root = process.getuid?.() === 0
    const unshare = await program('unshare', 'util-linux')
    const nsenter = await program('nsenter', 'util-linux')
    const folder = await temporaryFolder(t)
    const own = root ? ['-m'] : ['-U', '-r', '-m']
    if (spawnSync(unshare, [...own, 'true']).status !== 0) {
      throw new Error('a test of a full disk needs root or user namespaces (sysctl kernel.unprivileged_userns_clone=1)')
    }
    const script = `mount -t tmpfs -o size=1m none ${folder} && echo mounted && exec cat`
    const holder = new Process('small disk', unshare, [...own, 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'pipe'] })
    t.teardown(() => holder.stop('SIGTERM'))
    await holder.line(/^mounted$/)
    const user = root ? [] : ['-U', '--preserve-credentials']
    return new SmallDisk(folder, [nsenter, '-t', String(holder.pid), ...user, '-m'])
  }
}
