import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { eventually } from './hang.js'
import { must } from './processes.js'
import { ROOT, takeLock } from './places.js'

/** Builds `dist/` when a source is newer; of several test files that want it at once, one builds and the others wait. */
export async function ensureBuilt(): Promise<void> {
  if (await upToDate()) return
  const lock = path.join(ROOT, '.tmp/build.lock')
  await mkdir(path.dirname(lock), { recursive: true })
  await eventually(
    'the build',
    async () => {
      if (await upToDate()) return
      if (!(await takeLock(lock))) throw new Error('another process builds')
      try {
        await must('npm', ['run', '--silent', 'build'], { cwd: ROOT, ms: 240_000 })
        if (!(await upToDate())) throw new Error('npm run build left dist/ older than src/')
      } finally {
        await rm(lock, { force: true })
      }
    },
    300_000,
    200,
  )
}

async function upToDate(): Promise<boolean> {
  const [source, built] = await Promise.all([newest(path.join(ROOT, 'src')), newest(path.join(ROOT, 'dist'))])
  return built >= source
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
