import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError, RefusedError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import type { SuiteSummary } from '../contract.js'
import { readHar } from './har-read.js'
import { writeHar } from './har-write.js'
import type { Recording } from './recording.js'

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/
const ENDING = '.har'
/** Names in a list. */
const MOST = 1_000

/** Suites: saved requests with their answers, each a HAR file in one folder that is ours alone (0700, files 0600). */
export class Suites {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Those that can be read, by name. Throws ConfigError UR_HAR_FILE. */
  async list(): Promise<SuiteSummary[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if (isMissing(error)) return []
      throw unusable(this.folder, error)
    })
    const suites: SuiteSummary[] = []
    for (const file of names.sort().slice(0, MOST)) {
      const name = file.slice(0, -ENDING.length)
      if (!file.endsWith(ENDING) || !NAME.test(name)) continue
      const found = await this.#summary(name).catch(() => null)
      if (found !== null) suites.push(found)
    }
    return suites
  }

  /** Replaces one of the same name. Throws ConfigError UR_SUITE_NAME, UR_HAR_FILE. */
  async save(name: string, recordings: readonly Recording[]): Promise<SuiteSummary> {
    const file = this.#file(name)
    const unfinished = `${file}.${process.pid}.new`
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      await writeFile(unfinished, writeHar(recordings), { mode: 0o600 })
      await rename(unfinished, file)
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => undefined)
      throw unusable(file, error)
    }
    return { name, requests: recordings.length, savedAt: new Date().toISOString() }
  }

  /** Throws ConfigError UR_SUITE_NAME, UR_HAR_FILE, UR_HAR_INVALID; RefusedError UR_SUITE_NOT_FOUND. */
  async read(name: string): Promise<Recording[]> {
    const file = this.#file(name)
    try {
      return readHar(await readFile(file, 'utf8'), file)
    } catch (error) {
      throw isMissing(error) ? missing(name) : error instanceof ConfigError ? error : unusable(file, error)
    }
  }

  /** Throws ConfigError UR_SUITE_NAME, UR_HAR_FILE; RefusedError UR_SUITE_NOT_FOUND. */
  async delete(name: string): Promise<void> {
    const file = this.#file(name)
    try {
      await rm(file)
    } catch (error) {
      throw isMissing(error) ? missing(name) : unusable(file, error)
    }
  }

  async #summary(name: string): Promise<SuiteSummary> {
    const { mtime } = await stat(this.#file(name))
    return { name, requests: (await this.read(name)).length, savedAt: mtime.toISOString() }
  }

  #file(name: string): string {
    if (NAME.test(name)) return path.join(this.folder, name + ENDING)
    throw new ConfigError(
      'UR_SUITE_NAME',
      `"${printable(name.slice(0, 100))}" cannot be the name of a suite. What to do: write 1 to 64 letters, digits and . _ - that begin with a letter or digit`,
    )
  }
}

/** Reads a HAR file. Throws ConfigError UR_HAR_FILE, UR_HAR_INVALID. */
export async function readHarFile(file: string): Promise<Recording[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw unusable(file, error)
  }
  return readHar(text, file)
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function missing(name: string): RefusedError {
  return new RefusedError('UR_SUITE_NOT_FOUND', `There is no suite "${name}". What to do: save one, or list them.`)
}

function unusable(file: string, error: unknown): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException
  const reason = `${printable(file)} could not be read or written: ${code ?? printable(message)}`
  return new ConfigError('UR_HAR_FILE', `${reason}. What to do: check the path, and that this user may use it`, {
    cause: error,
  })
}
