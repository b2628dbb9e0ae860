import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { CertificateChanges, CertificateFailure, CertificateRecord } from '../../store/index.js'
import type { CertificateShelf } from '../order.js'
import { fileFor, readJson, stateError, writeJson } from './files.js'

const time = z.iso.datetime().transform((text) => new Date(text))

const recordShape = z.object({
  name: z.string(),
  chain: z.string(),
  key: z.string(),
  directory: z.string(),
  issuedAt: time,
  expiresAt: time,
  renewAt: time.nullable(),
  askAt: time.nullable(),
})

const failureShape = z.object({
  name: z.string(),
  failures: z.int(),
  failedAt: time,
  nextAt: time,
  code: z.string(),
  message: z.string(),
})

/** What was last seen of a file. */
interface Seen {
  readonly mark: string
  readonly revision: number
  readonly record: CertificateRecord
}

/**
 * Certificates in a folder, one file each, and beside them what failed: for an agent, which has no database. Several
 * processes may have the same folder. Every method throws CertificateError UR_STATE_FOLDER.
 */
export class FolderCertificates implements CertificateShelf {
  readonly #certificates: string
  readonly #failures: string
  readonly #seen = new Map<string, Seen>()
  #revision = 0

  private constructor(folder: string) {
    this.#certificates = join(folder, 'certificates')
    this.#failures = join(folder, 'failures')
  }

  /** Makes the folders that are missing, for nobody else to read. */
  static async open(folder: string): Promise<FolderCertificates> {
    const made = new FolderCertificates(folder)
    try {
      for (const each of [made.#certificates, made.#failures]) await mkdir(each, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw stateError(folder, 'made', error)
    }
    return made
  }

  async put(record: CertificateRecord): Promise<void> {
    await writeJson(fileFor(this.#certificates, record.name), record)
    await rm(fileFor(this.#failures, record.name), { force: true })
  }

  find(name: string): Promise<CertificateRecord | null> {
    return readJson(fileFor(this.#certificates, name), recordShape)
  }

  async changedSince(cursor: number): Promise<CertificateChanges> {
    for (const file of await list(this.#certificates)) await this.#look(file)
    const changed = [...this.#seen.values()].filter(({ revision }) => revision > cursor)
    const records = changed.toSorted((a, b) => a.revision - b.revision).map(({ record }) => record)
    return { cursor: this.#revision, records }
  }

  async noteRenewal(note: Pick<CertificateRecord, 'name' | 'issuedAt' | 'renewAt' | 'askAt'>): Promise<void> {
    const { name, issuedAt, renewAt, askAt } = note
    const there = await this.find(name)
    if (there?.issuedAt.getTime() !== issuedAt.getTime()) return
    await writeJson(fileFor(this.#certificates, name), { ...there, renewAt, askAt })
  }

  noteFailure(failure: CertificateFailure): Promise<void> {
    return writeJson(fileFor(this.#failures, failure.name), failure)
  }

  failure(name: string): Promise<CertificateFailure | null> {
    return readJson(fileFor(this.#failures, name), failureShape)
  }

  async failures(): Promise<CertificateFailure[]> {
    const files = await list(this.#failures)
    const failures = await Promise.all(files.map((file) => readJson(file, failureShape)))
    return failures.filter((failure) => failure !== null)
  }

  async #look(file: string): Promise<void> {
    const facts = await stat(file).catch(() => null)
    if (facts === null) return
    const mark = `${facts.ino} ${facts.mtimeMs} ${facts.size}`
    if (this.#seen.get(file)?.mark === mark) return
    const record = await readJson(file, recordShape)
    if (record !== null) this.#seen.set(file, { mark, revision: ++this.#revision, record })
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder)
    return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name))
  } catch (error) {
    throw stateError(folder, 'read', error)
  }
}
