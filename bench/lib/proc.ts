import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** The pids and all their living descendants (an sshd forks one process a session). */
export function processTree(roots: readonly number[]): number[] {
  if (roots.length === 0) return []
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const fields = Number.isInteger(pid) ? statFields(pid) : null
    if (fields === null) continue
    const parent = Number(fields[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const all = new Set<number>()
  const visit = (pid: number): void => {
    if (all.has(pid)) return
    all.add(pid)
    children.get(pid)?.forEach(visit)
  }
  roots.forEach(visit)
  return [...all]
}

/** CPU seconds (user and system) that the processes, their living and their ended children used so far. */
export function cpuSeconds(roots: readonly number[]): number {
  let ticks = 0
  for (const pid of processTree(roots)) {
    const fields = statFields(pid)
    // proc(5): utime, stime, cutime, cstime are fields 14 to 17; the list begins with field 3.
    if (fields !== null) for (const index of [11, 12, 13, 14]) ticks += Number(fields[index])
  }
  return ticks / TICKS_PER_SECOND
}

export interface Memory {
  /** KiB, each summed over the processes. */
  rss: number
  pss: number
  peakRss: number
}

/** Memory of the processes and all their living descendants. */
export function memoryOf(roots: readonly number[]): Memory {
  const sum: Memory = { rss: 0, pss: 0, peakRss: 0 }
  for (const pid of processTree(roots)) {
    const rollup = read(`/proc/${pid}/smaps_rollup`)
    const status = read(`/proc/${pid}/status`)
    sum.rss += kib(rollup, 'Rss')
    sum.pss += kib(rollup, 'Pss')
    sum.peakRss += kib(status, 'VmHWM')
  }
  return sum
}

function kib(text: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
}

function statFields(pid: number): string[] | null {
  const text = read(`/proc/${pid}/stat`)
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** A process may end between two reads: then it counts as nothing. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ESRCH') return ''
    throw error
  }
}
