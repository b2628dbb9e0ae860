import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import Database from 'libsql'
import { StoreError } from '../core/errors.js'
import { giveToOwnerOf, isOurs, pragma, prepareFolder, untilUnlocked } from './embedded-file.js'
import { explain, foreign, resultCode } from './errors.js'
import { assertKnown } from './migrations.js'

const PRIVATE_FILE = 0o600
/** SQLite's result codes of a file that is damaged, or no database at all. */
const BEYOND_READING: readonly (number | null)[] = [11, 26]

/** Those of writing: an I/O error, a full disk, a file that cannot be opened. Null: an error of the file system itself. */
const OF_TARGET: readonly (number | null)[] = [10, 13, 14, null]

/** A copy of a database. */
export interface Backup {
  /** Of its schema. */
  readonly version: number
  readonly bytes: number
}

/** What was put in the place of the database. */
export interface Restored {
  /** Of its schema. */
  readonly version: number
  /** Where the database that was there before is now; null: there was none. */
  readonly kept: string | null
}

/**
 * Writes a copy of the database, as it is at one moment, into the new file `target` (0600); others go on reading and
 * writing meanwhile. When this fails there is no such file. Throws StoreError UR_BACKUP_EXISTS, and as `openStore`.
 */
export async function backupEmbedded(file: string, target: string, lockTimeoutMs: number): Promise<Backup> {
  claimName(target)
  const partial = `${target}.${randomBytes(4).toString('hex')}.partial`
  try {
    const version = await copy(file, partial, lockTimeoutMs)
    renameSync(partial, target)
    sync(dirname(target))
    return { version, bytes: statSync(target).size }
  } catch (error) {
    for (const each of [partial, target]) rmSync(each, { force: true })
    throw error
  }
}

/**
 * Puts a copy of the backup `source` in the place of the database, which is kept beside it under another name.
 * Throws StoreError UR_STORE_IN_USE while another process has the database open, UR_STORE_NOT_A_DATABASE, UR_STORE_NEWER
 * and UR_STORE_CORRUPT for a backup that is no good, and as `openStore`. When this fails nothing was changed.
 */
export async function restoreEmbedded(file: string, source: string, lockTimeoutMs: number): Promise<Restored> {
  const folder = dirname(file)
  const partial = `${file}.restoring`
  try {
    prepareFolder(file)
    rmSync(partial, { force: true })
    const version = await copy(source, partial, lockTimeoutMs)
    giveToOwnerOf(folder, partial)
    const kept = existsSync(file) ? exchange(file, partial) : null
    if (kept === null) renameSync(partial, file)
    sync(folder)
    return { version, kept }
  } catch (error) {
    rmSync(partial, { force: true })
    throw explain(error, file)
  }
}

/** Copies a database of ours, of a schema that we know, into a new file. Gives the version of its schema. */
async function copy(from: string, to: string, lockTimeoutMs: number): Promise<number> {
  try {
    statSync(from)
    const database = new Database(from, { readonly: true, timeout: lockTimeoutMs })
    try {
      if (!isOurs(database)) throw foreign(from)
      const damage = pragma(database, 'quick_check(1)')
      if (damage !== 'ok') throw new StoreError('UR_STORE_CORRUPT', damaged(from, String(damage)))
      const version = versionOf(database, from)
      await writing(to, async () => {
        closeSync(openSync(to, 'wx', PRIVATE_FILE))
        await untilUnlocked(lockTimeoutMs, () => database.prepare('vacuum into ?').run([to]))
        sync(to)
      })
      return version
    } finally {
      database.close()
    }
  } catch (error) {
    throw explain(error, from)
  }
}

/** Does what writes `file`. Throws a StoreError about it where that is what failed: it may be on another disk. */
async function writing(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw OF_TARGET.includes(resultCode(error)) ? explain(error, file) : error
  }
}

function versionOf(database: Database.Database, file: string): number {
  const rows = database.prepare("select 1 from sqlite_master where name = 'schema_version'").all()
  if (rows.length === 0) throw foreign(file)
  const row = database.prepare('select version from schema_version').get([]) as { version: number }
  assertKnown(row.version, file)
  return row.version
}

/** Puts `replacement` in the place of `file`, under its lock. Gives the new name of what was there. */
function exchange(file: string, replacement: string): string {
  const kept = `${file}.before-restore-${new Date().toISOString().replaceAll(/[-:.]/g, '')}`
  const lock = lockAlone(file)
  try {
    linkSync(file, kept)
    // a log that stayed would be taken for that of the new file
    for (const end of ['-wal', '-shm']) if (existsSync(file + end)) renameSync(file + end, kept + end)
    // that of a lock under which nothing was written
    rmSync(`${file}-journal`, { force: true })
    renameSync(replacement, file)
  } finally {
    lock?.close()
  }
  return kept
}

/**
 * Shuts all others out of the database, with everything in its one file; null when it is too damaged for that. Whoever
 * has it open holds a lock, of which SQLite hears when it is to give up the WAL.
 */
function lockAlone(file: string): Database.Database | null {
  const database = new Database(file, { timeout: 0 })
  try {
    if (!isOurs(database)) throw foreign(file)
    pragma(database, 'locking_mode = exclusive')
    if (pragma(database, 'journal_mode = delete') !== 'delete') throw inUse(file)
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    const code = resultCode(error)
    if (BEYOND_READING.includes(code)) return null
    throw code === 5 || code === 6 ? inUse(file) : error
  }
}

/** Takes a name for a new file, so that nothing that is there is ever overwritten. */
function claimName(target: string): void {
  try {
    closeSync(openSync(target, 'wx', PRIVATE_FILE))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explain(error, target)
    throw new StoreError(
      'UR_BACKUP_EXISTS',
      `The backup was to be written to ${target}, but that exists, and nothing is overwritten. What to do: name a new file.`,
    )
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function inUse(file: string): StoreError {
  return new StoreError(
    'UR_STORE_IN_USE',
    `The database ${file} is open in another process, so it is not replaced. What to do: stop the server ` +
      '(`systemctl stop uniroutd`), and restore again.',
  )
}

function damaged(file: string, why: string): string {
  return `The backup ${file} is damaged: ${why}. What to do: take an older one.`
}
