import { spawnSync, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { NetworkWatch, watchNetwork, type NetworkWatchOptions } from '../../src/agent/network-watch.js'
import { isOwnAddress } from '../../src/agent/own-addresses.js'
import { ensureBuilt } from '../support/build.js'
import { eventually, within } from '../support/hang.js'
import { ROOT } from '../support/places.js'
import { Process } from '../support/processes.js'

/** What a `NetworkWatch` sees of `ip monitor`. */
class FakeChild extends EventEmitter {
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  change(): void {
    this.stdout.write('10.0.0.0/8 dev eth0\n')
  }
  end(code: number): void {
    this.stdout.end()
    this.emit('exit', code)
  }
}

function bench(t: Test, options: Partial<NetworkWatchOptions> = {}) {
  const children: FakeChild[] = []
  const told = new EventEmitter()
  const state = { changes: 0, addresses: 'eth0 10.0.0.2/24', now: 0 }
  const watch = new NetworkWatch({
    changed: () => {
      state.changes++
      told.emit('change')
    },
    start: () => {
      const child = new FakeChild()
      children.push(child)
      told.emit('start')
      return child as unknown as ChildProcess
    },
    look: () => state.addresses,
    clock: { now: () => state.now },
    random: () => 0,
    ...options,
  })
  t.teardown(() => watch.stop())
  // The watch keeps no process alive; the test does.
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(alive))
  const change = () => within('the change', once(told, 'change'))
  const start = () => within('a new child', once(told, 'start'))
  return { watch, children, state, change, start }
}

// Each waits most of its time for the watch, which looks only now and then: they wait together.
t.jobs = 4

t.test('a burst of changes is told once, and the next one later', async (t) => {
  const { children, state, change } = bench(t)
  const first = change()
  for (let i = 0; i < 20; i++) children[0]!.change()
  await first
  t.equal(state.changes, 1)
  const second = change()
  const begun = performance.now()
  children[0]!.change()
  await second
  t.ok(performance.now() - begun >= 1_990, 'not at once: a network may change all the time')
  t.equal(state.changes, 2)
})

t.test('without anything that tells of changes the addresses are looked at', async (t) => {
  const { state, change } = bench(t, { start: () => null })
  state.addresses = 'wlan0 192.168.1.7/24'
  await change()
  t.equal(state.changes, 1)
})

t.test('also where the program is missing, which is not started again', async (t) => {
  const { children, state, change } = bench(t)
  children[0]!.end(127)
  state.addresses = ''
  await change()
  t.equal(children.length, 1)
})

t.test('and where it cannot be started at all', async (t) => {
  const { children, state, change } = bench(t)
  children[0]!.emit('error', new Error('spawn /bin/sh ENOENT'))
  state.addresses = ''
  await change()
  t.equal(children.length, 1)
})

t.test('a child that dies is started again, and its pipe is closed', async (t) => {
  const { children, change, start } = bench(t)
  const again = start()
  children[0]!.end(1)
  await again
  t.equal(children[0]!.stdout.destroyed, true)
  const told = change()
  children[1]!.change()
  await told
})

t.test('a child whose output ends is told to end', async (t) => {
  const { children } = bench(t)
  children[0]!.stdout.end()
  await within('the end of its input', once(children[0]!.stdin.resume(), 'end'))
})

t.test('with its end the child gets the end of its input, and nothing more is told', async (t) => {
  const { watch, children, state } = bench(t)
  children[0]!.change()
  await new Promise(setImmediate)
  watch.stop()
  await within('the end of its input', once(children[0]!.stdin.resume(), 'end'))
  children[0]!.end(0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(state.changes, 0)
  t.equal(children.length, 1)
})

t.test('many may want to be told, and each ends that for itself', async (t) => {
  const ends = [watchNetwork(() => undefined), watchNetwork(() => undefined)]
  for (const end of ends) end()
  ends[0]!()
  t.pass('twice is once')
})

t.test('which addresses are those of this machine', async (t) => {
  for (const own of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) t.equal(isOwnAddress(own), true, own)
  for (const other of ['192.0.2.1', '2001:db8::1', 'fe80::dead:beef%eth0']) t.equal(isOwnAddress(other), false, other)
})

const WATCHING = `
const { watchNetwork } = await import(process.argv[1])
watchNetwork(() => console.log('changed'))
console.log('watching')
if (process.argv[2] === 'stay') process.stdin.resume()
`
const watcher = [
  '--input-type=module',
  '-e',
  WATCHING,
  pathToFileURL(path.join(ROOT, 'dist/agent/network-watch.js')).href,
]

t.test('it keeps no process alive', async (t) => {
  await ensureBuilt()
  const child = new Process('watcher', process.execPath, watcher, { stdio: ['pipe', 'pipe', 'pipe'] })
  t.same(await within('its end', child.exit), { code: 0, signal: null })
  t.same(child.out, ['watching'])
})

const namespace = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up'])
const skip = namespace.status === 0 ? false : 'needs root, unshare (util-linux) and ip (iproute2)'

t.test('a real network: addresses and routes that come and go', { skip }, async (t) => {
  await ensureBuilt()
  const child = new Process('watcher', 'unshare', ['-n', process.execPath, ...watcher, 'stay'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.teardown(() => child.stop())
  await child.line(/^watching$/)
  const helpers = await eventually('sh and ip', async () => {
    const found = descendants(child.pid)
    if (found.length < 2) throw new Error(`there is only ${found.join(' ')}`)
    return found
  })
  const ip = (...args: string[]): void => {
    const { status, stderr } = spawnSync('nsenter', ['-t', String(child.pid), '-n', 'ip', ...args])
    if (status !== 0) throw new Error(String(stderr))
  }
  const changes = (): number => child.out.filter((line) => line === 'changed').length
  const told = async (many: number): Promise<void> => {
    await eventually('the change', async () => {
      if (changes() < many) throw new Error(child.out.join('\n'))
    })
  }
  ip('link', 'set', 'lo', 'up')
  ip('address', 'add', '10.77.0.2/24', 'dev', 'lo')
  await told(1)
  // What belongs to the same burst may be told once more.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  const before = changes()
  t.ok(before <= 2)
  ip('route', 'add', '192.0.2.0/24', 'dev', 'lo')
  await told(before + 1)
  ip('address', 'del', '10.77.0.2/24', 'dev', 'lo')
  await told(before + 2)

  child.kill('SIGKILL')
  await child.exit
  await eventually('the end of what it started', async () => {
    for (const pid of helpers) if (isAlive(pid)) throw new Error(`${pid} is still there`)
  })
})

/** Every process below `pid`. */
function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  if (children === '') return []
  return children.split(' ').flatMap((child) => [Number(child), ...descendants(Number(child))])
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\sZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
