import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { silentLogger } from '../../src/core/logger.js'
import { inheritedSockets, SystemdNotifier } from '../../src/daemon/systemd.js'
import { within } from '../support/hang.js'
import { program, ROOT, temporaryFolder } from '../support/places.js'
import { Process, TYPESCRIPT } from '../support/processes.js'

/** Prints what comes to a Unix datagram socket: every field as a line, and an empty line behind each message. */
const RECEIVER = `
$| = 1; socket(my $s, PF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un($ARGV[0])) or die $!; print "bound\\n";
while (defined recv($s, my $m, 4096, 0)) { next if $m =~ /^BARRIER=1/; print "$m\\n\\n" }`

async function receiver(t: Test): Promise<{ file: string; process: Process }> {
  const file = path.join(await temporaryFolder(t), 'notify')
  const process = new Process('receiver', await program('perl', 'perl-base'), ['-MSocket', '-e', RECEIVER, file])
  t.teardown(() => process.stop('SIGKILL'))
  await process.line(/^bound$/)
  return { file, process }
}

/** The messages so far, each as its fields. */
function messages({ out }: Process): string[][] {
  const text = out.slice(1).join('\n')
  return text
    .split('\n\n')
    .map((message) => message.split('\n').filter(Boolean))
    .filter((fields) => fields.length > 0)
}

t.test('each state arrives as one message, in order, and close waits for the last', async (t) => {
  const { file, process: received } = await receiver(t)
  const notifier = new SystemdNotifier({ NOTIFY_SOCKET: file }, silentLogger)
  const before = process.hrtime.bigint() / 1000n
  notifier.ready('serving example.com on 0.0.0.0:443, it\'s "well"; $HOME * \u001b[31m')
  notifier.reloading()
  notifier.ready('again')
  notifier.stopping(30_000)
  await within('the notifier', notifier.close())
  await received.line(/^EXTEND_TIMEOUT_USEC/)
  const [ready, reloading, again, stopping] = messages(received)
  t.strictSame(ready, ['READY=1', 'STATUS=serving example.com on 0.0.0.0:443, it\'s "well"; $HOME * \\u001b[31m'])
  t.equal(reloading?.[0], 'RELOADING=1')
  const stamp = BigInt(/^MONOTONIC_USEC=(\d+)$/.exec(reloading?.[1] ?? '')?.[1] ?? '0')
  t.ok(stamp >= before && stamp <= process.hrtime.bigint() / 1000n, 'the clock that systemd compares with')
  t.strictSame(again, ['READY=1', 'STATUS=again'])
  t.strictSame(stopping, ['STOPPING=1', 'STATUS=open connections may end', 'EXTEND_TIMEOUT_USEC=45000000'])
})

t.test('the watchdog is served at half its interval, and only for this process', async (t) => {
  const { file, process: received } = await receiver(t)
  const notifier = new SystemdNotifier(
    { NOTIFY_SOCKET: file, WATCHDOG_USEC: '200000', WATCHDOG_PID: String(process.pid) },
    silentLogger,
  )
  const startedAt = performance.now()
  await received.line(/^WATCHDOG=1$/)
  await received.line(/^WATCHDOG=1$/, { from: received.out.length })
  t.ok(performance.now() - startedAt >= 150)
  await notifier.close()

  const other = new SystemdNotifier({ NOTIFY_SOCKET: file, WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' }, silentLogger)
  const from = received.out.length
  const second = new SystemdNotifier({ NOTIFY_SOCKET: file, WATCHDOG_USEC: '100000' }, silentLogger)
  await received.line(/^WATCHDOG=1$/, { from })
  await Promise.all([other.close(), second.close()])
  t.ok(received.out.slice(from).filter((line) => line === 'WATCHDOG=1').length < 10)
})

t.test('a helper that was ended is started again', async (t) => {
  const { file, process: received } = await receiver(t)
  const lines: string[] = []
  const warned = new Promise<void>((resolve) => {
    const warn = (_fields: unknown, message: string): void => {
      lines.push(message)
      resolve()
    }
    const notifier = new SystemdNotifier({ NOTIFY_SOCKET: file }, { ...silentLogger, warn })
    t.teardown(() => notifier.close())
    notifier.ready('one')
    void received.line(/^STATUS=one$/).then(async () => {
      const pid = await childOf(process.pid, 'sh')
      process.kill(pid, 'SIGKILL')
      await warned
      notifier.ready('two')
    })
  })
  await received.line(/^STATUS=two$/)
  t.match(lines, [/started again/])
})

t.test('outside of systemd nothing is done; inside, a program that forgets to close still ends', async (t) => {
  const silent = new SystemdNotifier({ WATCHDOG_USEC: '1000' }, silentLogger)
  silent.ready('x')
  silent.stopping(0)
  await silent.close()

  const { file, process: received } = await receiver(t)
  const script = `
    const { SystemdNotifier } = await import(${JSON.stringify(path.join(ROOT, 'src/daemon/systemd.ts'))})
    const { silentLogger } = await import(${JSON.stringify(path.join(ROOT, 'src/core/logger.ts'))})
    new SystemdNotifier({ NOTIFY_SOCKET: ${JSON.stringify(file)}, WATCHDOG_USEC: '100000' }, silentLogger).ready('x')`
  const program = new Process('program', process.execPath, [TYPESCRIPT, '--input-type=module', '-e', script])
  t.teardown(() => program.stop('SIGKILL'))
  await received.line(/^READY=1$/)
  t.match(await within('its end', program.exit), { code: 0 })
})

t.test('signals for the whole service do not silence it', async (t) => {
  const { file, process: received } = await receiver(t)
  const notifier = new SystemdNotifier({ NOTIFY_SOCKET: file }, silentLogger)
  notifier.ready('one')
  await received.line(/^STATUS=one$/)
  const helper = await childOf(process.pid, 'sh')
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.kill(helper, signal)
  notifier.stopping(0)
  await received.line(/^STOPPING=1$/)
  await notifier.close()
})

t.test('sockets of systemd, by name', (t) => {
  const env = { LISTEN_PID: '42', LISTEN_FDS: '2', LISTEN_FDNAMES: 'http:tls' }
  t.strictSame(inheritedSockets(env, 42), { http: 3, tls: 4 })
  t.strictSame(inheritedSockets(env, 43), {}, 'meant for another process')
  t.strictSame(inheritedSockets({}, 42), {})
  const refused = {
    name: 'ConfigError',
    code: 'UR_SOCKET_NAME',
    exitCode: 2,
    message: /socket [34] .*FileDescriptorName=tls/,
  }
  for (const names of ['http:uniroutd.socket', 'tls:tls', 'tls', '']) {
    t.throws(() => inheritedSockets({ ...env, LISTEN_FDNAMES: names }, 42), refused, names)
  }
  t.end()
})

t.test('a socket that was handed over is listened on', async (t) => {
  const holder = net.createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  const { fd } = (holder as unknown as { _handle: { fd: number } })._handle
  const script = `
    const { inheritedSockets } = await import(${JSON.stringify(path.join(ROOT, 'src/daemon/systemd.ts'))})
    const { tls } = inheritedSockets({ ...process.env, LISTEN_PID: String(process.pid) })
    const { createServer } = await import('node:net')
    createServer((socket) => socket.end('hello')).listen({ fd: tls }, () => console.log('ready'))`
  const child = new Process('activated', process.execPath, [TYPESCRIPT, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'tls' },
  })
  t.teardown(() => child.stop('SIGKILL'))
  await child.line(/^ready$/)
  await new Promise((resolve) => holder.close(resolve))
  const visitor = net.connect(port, '127.0.0.1')
  const [first] = (await once(visitor, 'data')) as [Buffer]
  t.equal(first.toString(), 'hello')
  visitor.destroy()
})

/** Pid of the child of `parent` that runs the program `name`. */
async function childOf(parent: number, name: string): Promise<number> {
  const ps = new Process('ps', await program('ps', 'procps'), ['-o', 'pid=,comm=', '--ppid', String(parent)])
  await ps.exit
  const line = ps.out.find((each) => each.trim().endsWith(` ${name}`))
  if (line === undefined) throw new Error(`no child ${name}: ${ps.out.join(', ')}`)
  return Number.parseInt(line, 10)
}
