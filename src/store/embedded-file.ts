import { accessSync, chmodSync, chownSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'libsql'
import { foreign, isBusy } from './errors.js'

/** Marks a file as ours in its header ("UniR"), so that another program's database is not taken for one. */
const APPLICATION_ID = 0x556e6952
/** SQLite waits by blocking the thread, so it may only wait for what is over in a moment. */
const BLOCKING_WAIT_MS = 5
const RETRY_MS = 20
const PRIVATE_FILE = 0o600
const PRIVATE_DIR = 0o700

/** Tries again while other processes hold a lock, without blocking the event loop. */
export async function untilUnlocked<T>(timeoutMs: number, attempt: () => T): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
    }
    await delay(RETRY_MS)
  }
}

/** Creates the file before SQLite does, so that it is private from its first moment; SQLite gives WAL files its mode. */
export function prepareFile(file: string): void {
  prepareFolder(file)
  try {
    closeSync(openSync(file, 'ax', PRIVATE_FILE))
    giveToOwnerOf(dirname(file), file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // never opened and closed here: that would drop the locks of other connections of this process (fcntl)
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, PRIVATE_FILE)
    // SQLite would only say "unable to open"
    accessSync(file, constants.R_OK | constants.W_OK)
    accessSync(dirname(file), constants.W_OK)
  }
}

/** Creates the folder of a database file. */
export function prepareFolder(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_DIR })
}

/** Which file has this name now; null: none. */
export function identityOf(file: string): string | null {
  const found = statSync(file, { throwIfNoEntry: false })
  return found ? `${found.dev}:${found.ino}` : null
}

/** `uniroutd token create` by root may come before the first start of a server that runs as another user. */
export function giveToOwnerOf(folder: string, file: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(folder)
  chownSync(file, uid, gid)
}

/** A connection with the settings that this room relies on. */
export function openHandle(file: string): Database.Database {
  const database = new Database(file, { timeout: BLOCKING_WAIT_MS })
  try {
    claim(database, file)
    if (pragma(database, 'journal_mode') !== 'wal') pragma(database, 'journal_mode = wal')
    pragma(database, 'synchronous = full')
    pragma(database, 'foreign_keys = on')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Refuses the database of another program; marks a new one as ours. */
function claim(database: Database.Database, file: string): void {
  if (isOurs(database)) return
  if (
    pragma(database, 'application_id') !== 0 ||
    database.prepare('select 1 from sqlite_master limit 1').all().length > 0
  )
    throw foreign(file)
  pragma(database, `application_id = ${APPLICATION_ID}`)
}

/** Whether the file is marked as ours. */
export function isOurs(database: Database.Database): boolean {
  return pragma(database, 'application_id') === APPLICATION_ID
}

/** The first value that `pragma TEXT` answers. */
export function pragma(database: Database.Database, text: string): unknown {
  const rows = database.pragma(text) as Record<string, unknown>[]
  return rows[0] && Object.values(rows[0])[0]
}
