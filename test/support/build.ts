import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { eventually } from './hang.js'
import { must } from './processes.js'
import { ROOT, takeLock } from './places.js'

/** Builds `dist/` when a source is newer; of several test files that want it at once, one builds and the others wait. */
export function ensureBuilt(): Promise<void> {
  return ensure('dist', ['src'], () => must('npm', ['run', '--silent', 'build'], { cwd: ROOT, ms: 240_000 }))
}

/** Runs `build`, which writes the folder `into`, unless that is newer than all of `sources`. */
async function ensure(into: string, sources: readonly string[], build: () => Promise<unknown>): Promise<void> {
  const lock = path.join(ROOT, '.tmp', `${path.basename(into)}.lock`)
  await mkdir(path.dirname(lock), { recursive: true })
  await eventually(
    `the build of ${into}`,
    async () => {
      // While another one holds it, the folder may be new and not whole.
      if (!(await takeLock(lock))) throw new Error('another process builds')
      try {
        if (await upToDate(into, sources)) return
        await build()
        if (!(await upToDate(into, sources))) throw new Error(`the build left ${into} older than ${sources.join(', ')}`)
      } finally {
        await rm(lock, { force: true })
      }
    },
    300_000,
    200,
  )
}

async function upToDate(into: string, sources: readonly string[]): Promise<boolean> {
  const [built, ...times] = await Promise.all([into, ...sources].map((folder) => newest(path.join(ROOT, folder))))
  return (built ?? 0) >= Math.max(...times)
}

/** Time of the newest file under `folder`, 0 when there is none. */
async function newest(folder: string): Promise<number> {
  let time = 0
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const { mtimeMs } = await stat(path.join(entry.parentPath, entry.name)).catch(() => ({ mtimeMs: 0 }))
    time = Math.max(time, mtimeMs)
  }
  return time
}
