import { readdir, readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Process } from './processes.js'

/** Resident memory of a process in bytes (VmRSS of /proc/PID/status). */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status)
  if (match === null) throw new Error(`process ${pid} has no VmRSS: it has ended`)
  return Number(match[1]) * 1024
}

/**
 * Live objects and buffers of this process in bytes, after a collection of garbage. V8 gives the buffers that a
 * collection found back on a thread of its own, and waits for that thread when the next one begins: hence two.
 */
export function memoryInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** An argument of node, or a value of NODE_OPTIONS, for `memoryOf`. */
export const TELLS_MEMORY = `--import=data:text/javascript,${encodeURIComponent(`
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
process.on('SIGUSR2', () => {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  process.stderr.write('memory in use: ' + (heapUsed + arrayBuffers) + '\\n')
})`)}`

/** As `memoryInUse`, of a process that was started with TELLS_MEMORY. */
export async function memoryOf(process: Process): Promise<number> {
  const from = process.err.length
  process.kill('SIGUSR2')
  const line = await process.line(/^memory in use: \d+$/, { where: 'err', from })
  return Number(line.split(': ')[1])
}

/** Open file descriptors of a process. */
export async function openDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length
}

/** Watches the resident memory of a process; `peak` is the highest seen, in bytes. */
export class MemoryWatch {
  peak = 0
  private readonly timer: NodeJS.Timeout
  private readonly pid: number

  constructor(pid: number, everyMs = 50) {
    this.pid = pid
    this.timer = setInterval(() => void this.sample(), everyMs)
  }

  private async sample(): Promise<void> {
    this.peak = Math.max(this.peak, await residentBytes(this.pid).catch(() => 0))
  }

  /** One last sample, then the highest value seen. */
  async stop(): Promise<number> {
    clearInterval(this.timer)
    await this.sample()
    return this.peak
  }
}
