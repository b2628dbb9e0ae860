import { readFileSync } from 'node:fs'

/** What the kernel counts a second as, on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100

/** CPU seconds, user and system, that a process has used (proc(5): fields 14 and 15 of its stat). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
