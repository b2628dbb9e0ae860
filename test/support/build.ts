import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { eventually } from './hang.js'
import { must } from './processes.js'
import { ROOT, takeLock } from './places.js'

const LOCK = path.join(ROOT, '.tmp/dist.lock')

let built: Promise<void> | null = null

/**
 * Builds `dist/` when a source is newer, which is looked for once in each test file; of several files that want it at
 * once, one builds and the others wait.
 */
export function ensureBuilt(): Promise<void> {
  return (built ??= build())
}

async function build(): Promise<void> {
  await mkdir(path.dirname(LOCK), { recursive: true })
  await eventually(
    'the build',
    async () => {
      // While another one holds it, the folder may be new and not whole.
      if (!(await takeLock(LOCK))) throw new Error('another process builds')
      try {
        if (await upToDate()) return
        await must('npm', ['run', '--silent', 'build'], { cwd: ROOT, ms: 240_000 })
        if (!(await upToDate())) throw new Error('the build left dist older than src')
      } finally {
        await rm(LOCK, { force: true })
      }
    },
    300_000,
    200,
  )
}

async function upToDate(): Promise<boolean> {
  const [made = 0, source = 0] = await Promise.all(['dist', 'src'].map((folder) => newest(path.join(ROOT, folder))))
  return made >= source
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
