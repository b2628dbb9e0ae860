import { rmSync } from 'node:fs'
import { access, chmod, constants, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the support needs of a tap test: a place to leave its clean-up. */
export interface Owner {
  teardown(work: () => unknown): unknown
}

/** Root of the repository. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** A folder for this test alone, readable for every user, removed at its end. */
export async function temporaryFolder(t: Owner): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'uniroute-test-'))
  await chmod(folder, 0o755)
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

const EXTRA = ['/usr/sbin', '/usr/local/sbin', '/sbin']

/** Path of a program, looked up in PATH, the sbin folders and `folders`; throws with its package's name if missing. */
export async function program(name: string, debianPackage: string, folders: readonly string[] = []): Promise<string> {
  const all = [...(process.env['PATH'] ?? '').split(':'), ...EXTRA, ...folders]
  for (const folder of all) {
    const file = path.join(folder, name)
    try {
      await access(file, constants.X_OK)
      return file
    } catch {
      continue
    }
  }
  throw new Error(`${name} is missing: install the package ${debianPackage} (apt-get install ${debianPackage})`)
}

/** Below the tunnels' ports and the ephemeral range: no connection of another program begins at one of them. */
const OWN_PORTS = { first: 10_000, last: 19_999 }
let own: Promise<{ next: number; readonly last: number }> | null = null

/**
 * A loopback TCP port on which nobody listens, and which no other test file is given: test files run side by side, and a
 * server must find its port free when it comes back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const current = (own ??= takeOwnPorts())
    const slot = await current
    if (slot.next > slot.last) {
      if (own === current) own = null
      continue
    }
    const port = slot.next++
    if (await isFree(port)) return port
  }
}

async function takeOwnPorts(): Promise<{ next: number; readonly last: number }> {
  const { first, last, release } = await takeSlot(OWN_PORTS)
  process.on('exit', release)
  return { next: first, last }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer()
  try {
    await listen(server, port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return false
  }
  await new Promise((resolve) => server.close(resolve))
  return true
}

/** Listens on a free port, of loopback unless told otherwise, and tells which. */
export function listen(server: net.Server, port = 0, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off('error', reject)
      resolve((server.address() as net.AddressInfo).port)
    })
  })
}

const SLOT = 50
const SLOTS = { first: 20_000, last: 29_999 }

/**
 * A slot of 50 TCP ports for the tunnels of one server, below the ephemeral range and held by this test alone:
 * test files run side by side, and a tunnel must find its address free when it comes back.
 */
export async function portSlot(t: Owner): Promise<{ first: number; last: number }> {
  const { first, last, release } = await takeSlot(SLOTS)
  t.teardown(release)
  return { first, last }
}

interface Slot {
  readonly first: number
  readonly last: number
  readonly release: () => void
}

/** Holds a slot of a range for this process, until it releases it or ends. */
async function takeSlot(range: { first: number; last: number }): Promise<Slot> {
  const folder = path.join(tmpdir(), 'uniroute-test-ports')
  await mkdir(folder, { recursive: true, mode: 0o777 })
  const count = (range.last + 1 - range.first) / SLOT
  const start = Math.floor(Math.random() * count)
  for (let step = 0; step < count; step++) {
    const first = range.first + ((start + step) % count) * SLOT
    const lock = path.join(folder, String(first))
    if (await takeLock(lock)) return { first, last: first + SLOT - 1, release: () => rmSync(lock, { force: true }) }
  }
  throw new Error(`every slot of test ports is taken: remove ${folder} if no test runs`)
}

/** Creates `file` with our pid in it, unless a living process holds it. */
export async function takeLock(file: string): Promise<boolean> {
  for (let tries = 0; tries < 2; tries++) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'))
    if (holder === process.pid || alive(holder)) return false
    await rm(file, { force: true })
  }
  return false
}

function alive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
