import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LeaseState } from '../../store/index.js'
import type { LeaseOptions } from '../lease.js'
import { stateError } from './files.js'

/**
 * Leases as files: one holds its holder, and the time of its last change is the beat. Whoever is killed leaves a file that
 * beats no more, and another takes it over. Every method throws CertificateError UR_STATE_FOLDER.
 */
export class FolderLeases implements Pick<LeaseOptions['leases'], 'take' | 'beat' | 'free'> {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<FolderLeases> {
    const leases = new FolderLeases(join(folder, 'locks'))
    try {
      await mkdir(leases.#folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw stateError(leases.#folder, 'made', error)
    }
    return leases
  }

  async take(name: string, holder: string, dead: LeaseState | null = null): Promise<LeaseState | null> {
    const file = this.#file(name)
    try {
      if (dead !== null) await removeDead(file, dead)
      if (await make(file, holder)) return null
      return (await look(file)) ?? (await this.take(name, holder))
    } catch (error) {
      throw stateError(file, 'written', error)
    }
  }

  async beat(name: string, holder: string): Promise<boolean> {
    try {
      const handle = await open(this.#file(name), 'r+')
      try {
        if ((await handle.readFile('utf8')) !== holder) return false
        const now = new Date()
        await handle.utimes(now, now)
        return true
      } finally {
        await handle.close()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw stateError(this.#file(name), 'written', error)
    }
  }

  async free(name: string, holder: string): Promise<void> {
    const file = this.#file(name)
    if ((await look(file))?.holder === holder) await rm(file, { force: true })
  }

  #file(name: string): string {
    return join(this.#folder, `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.lock`)
  }
}

/** Of several that try at once, one makes it. */
async function make(file: string, holder: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`
  try {
    await writeFile(draft, holder, { mode: 0o600, flag: 'wx' })
    await link(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function look(file: string): Promise<LeaseState | null> {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)])
    return { holder, beat: mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Takes it away under a name of its own first: of several that try at once, one does, and looks at what it has. */
async function removeDead(file: string, dead: LeaseState): Promise<void> {
  const state = await look(file)
  if (state?.holder !== dead.holder || state.beat !== dead.beat) return
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const taken = await look(aside)
  // Another one had taken it over since we looked: it gets it back, unless somebody has made one meanwhile.
  if (taken?.holder !== dead.holder) await link(aside, file).catch(() => undefined)
  await rm(aside, { force: true })
}
