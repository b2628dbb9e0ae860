import { createHash, randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { CertificateError } from '../../core/errors.js'

/** Longer names would not fit into a file name. */
const MAX_NAME = 200

/** The file for something with this name (a host name, or a URL, which would not do for a file). */
export function fileFor(folder: string, name: string): string {
  const plain = name.length <= MAX_NAME && /^[a-z0-9][a-z0-9.-]*$/.test(name)
  return join(folder, `${plain ? name : createHash('sha256').update(name).digest('hex')}.json`)
}

/** What a file holds; null: it is not there, or is not what we wrote. Throws CertificateError UR_STATE_FOLDER. */
export async function readJson<T>(file: string, shape: z.ZodType<T>): Promise<T | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw stateError(file, 'read', error)
  }
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** Puts a file (mode 0600) in the place of the one before, whole or not at all. Throws CertificateError UR_STATE_FOLDER. */
export async function writeJson(file: string, value: object): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw stateError(file, 'written', error)
  }
}

/** A file or folder of the agent's state cannot be used. */
export function stateError(file: string, what: string, cause: unknown): CertificateError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new CertificateError(
    'UR_STATE_FOLDER',
    `${file} could not be ${what} (${code ?? message}). What to do: let the user that runs the agent have the folder, ` +
      'and see that the disk is not full; --state-dir (state_dir) names another.',
    { cause },
  )
}
