import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from './places.js'

/** tap's `skip`: false, or why not. */
export const unlessRoot = (why: string): string | false => (process.getuid?.() === 0 ? false : `only root can ${why}`)
export const mounting = { skip: unlessRoot('mount a file system of its own') }

/** A file system of 1 MiB, outside of tap's folders since those are removed before teardowns run. */
export function smallDisk(t: Owner, prepare: (dir: string) => void = () => {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'uniroute-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'uniroute-test', dir])
  t.teardown(() => {
    execFileSync('umount', ['-l', dir])
    rmdirSync(dir)
  })
  prepare(dir)
  return dir
}
