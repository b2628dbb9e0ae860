import { accessSync, chmodSync, chownSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'libsql'
import { type CompiledQuery, type DatabaseConnection, type Driver, type QueryResult, SqliteDialect } from 'kysely'
import { closed, explain, foreign, gone, isBusy } from './errors.js'

/** Marks a file as ours in its header ("UniR"), so that another program's database is not taken for one. */
const APPLICATION_ID = 0x556e6952
/** SQLite waits by blocking the thread, so it may only wait for what is over in a moment. */
const BLOCKING_WAIT_MS = 5
const RETRY_MS = 20
const PRIVATE_FILE = 0o600
const PRIVATE_DIR = 0o700

export interface EmbeddedOptions {
  /** Path of the database file; it and its folder are created when missing (0600, 0700). */
  readonly file: string
  /** How long to wait for other processes' locks before UR_STORE_LOCKED. */
  readonly lockTimeoutMs: number
}

/**
 * Embedded SQLite for Kysely: WAL, foreign keys, every commit on the disk before it is reported.
 * Waiting for another process's lock never blocks the event loop, and reads never wait for this process's writes.
 * All that differs between SQLite and other databases stands in this file and in `errors.ts`.
 */
export class EmbeddedDialect extends SqliteDialect {
  readonly #driver: EmbeddedDriver

  private constructor(driver: EmbeddedDriver) {
    super({ database: () => Promise.reject(new Error('the embedded driver opens its own connections')) })
    this.#driver = driver
  }

  /** Opens the file. Throws StoreError. */
  static async open({ file, lockTimeoutMs }: EmbeddedOptions): Promise<EmbeddedDialect> {
    try {
      prepareFile(file)
      const writer = await untilUnlocked(lockTimeoutMs, () => openHandle(file))
      const reader = await untilUnlocked(lockTimeoutMs, () => openHandle(file))
      const identity = identityOf(file)
      return new EmbeddedDialect(
        new EmbeddedDriver({ file, identity, lockTimeoutMs, writer, reader, turn: Promise.resolve() }),
      )
    } catch (error) {
      throw explain(error, file)
    }
  }

  override createDriver(): Driver {
    return this.#driver
  }

  /** Waits for the write under way, then closes; every later query fails with UR_STORE_CLOSED. */
  close(): Promise<void> {
    return this.#driver.destroy()
  }
}

class EmbeddedDriver implements Driver {
  readonly #shared: Shared
  #open = true

  constructor(shared: Shared) {
    this.#shared = shared
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<EmbeddedConnection> {
    if (!this.#open) throw closed(this.#shared.file)
    this.#assertSameFile()
    return new EmbeddedConnection(this.#shared)
  }

  /** SQLite goes on with a file that lost its name, and never sees what other processes write to one that took it. */
  #assertSameFile(): void {
    const { file, identity } = this.#shared
    try {
      if (identityOf(file) !== identity) throw gone(file)
    } catch (error) {
      throw explain(error, file)
    }
  }

  beginTransaction(connection: EmbeddedConnection): Promise<void> {
    return connection.begin()
  }

  async commitTransaction(connection: EmbeddedConnection): Promise<void> {
    connection.finish('commit')
  }

  async rollbackTransaction(connection: EmbeddedConnection): Promise<void> {
    connection.finish('rollback')
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#shared.turn
    this.#shared.reader.close()
    this.#shared.writer.close()
  }
}

interface Shared {
  readonly file: string
  /** Of the file that was opened. */
  readonly identity: string | null
  readonly lockTimeoutMs: number
  readonly writer: Database.Database
  readonly reader: Database.Database
  /** Fulfilled when the last writer in the queue has finished. */
  turn: Promise<void>
}

class EmbeddedConnection implements DatabaseConnection {
  readonly #shared: Shared
  #giveTurnBack: (() => void) | null = null

  constructor(shared: Shared) {
    this.#shared = shared
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { reader, writer, file, lockTimeoutMs } = this.#shared
    try {
      if (this.#giveTurnBack) return run<R>(writer, query)
      if (query.query.kind === 'SelectQueryNode') return await untilUnlocked(lockTimeoutMs, () => run<R>(reader, query))
    } catch (error) {
      throw explain(error, file)
    }
    // A statement that met a lock stays open inside libsql and would fail the next commit, so writes never meet one.
    await this.begin()
    try {
      const result = run<R>(writer, query)
      this.finish('commit')
      return result
    } catch (error) {
      this.finish('rollback')
      throw explain(error, file)
    }
  }

  // eslint-disable-next-line require-yield -- Kysely's interface; no repository streams
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('streaming queries are not supported')
  }

  async begin(): Promise<void> {
    const shared = this.#shared
    const before = shared.turn
    let giveTurnBack = (): void => {}
    shared.turn = new Promise((resolve) => (giveTurnBack = resolve))
    await before
    try {
      await untilUnlocked(shared.lockTimeoutMs, () => shared.writer.exec('begin immediate'))
      this.#giveTurnBack = giveTurnBack
    } catch (error) {
      giveTurnBack()
      throw explain(error, shared.file)
    }
  }

  /** A failed commit may leave the transaction open, to be rolled back; a rollback always ends it. */
  finish(how: 'commit' | 'rollback'): void {
    const { writer, file } = this.#shared
    if (!this.#giveTurnBack) return
    try {
      // a full disk makes SQLite roll back by itself
      if (how === 'commit' || writer.inTransaction) writer.exec(how)
    } catch (error) {
      throw explain(error, file)
    } finally {
      if (how === 'rollback' || !writer.inTransaction) {
        this.#giveTurnBack()
        this.#giveTurnBack = null
      }
    }
  }
}

function run<R>(database: Database.Database, { sql, parameters }: CompiledQuery): QueryResult<R> {
  const statement = database.prepare(sql)
  if (statement.reader) return { rows: statement.all([...parameters]) as R[] }
  const { changes } = statement.run([...parameters])
  return { numAffectedRows: BigInt(changes), rows: [] }
}

async function untilUnlocked<T>(timeoutMs: number, attempt: () => T): Promise<T> {
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
function prepareFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_DIR })
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

/** Which file has this name now; null: none. */
function identityOf(file: string): string | null {
  const found = statSync(file, { throwIfNoEntry: false })
  return found ? `${found.dev}:${found.ino}` : null
}

/** `uniroutd token create` by root may come before the first start of a server that runs as another user. */
function giveToOwnerOf(folder: string, file: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(folder)
  chownSync(file, uid, gid)
}

function openHandle(file: string): Database.Database {
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
  const owner = pragma(database, 'application_id')
  if (owner === APPLICATION_ID) return
  if (owner !== 0 || database.prepare('select 1 from sqlite_master limit 1').all().length > 0) throw foreign(file)
  pragma(database, `application_id = ${APPLICATION_ID}`)
}

function pragma(database: Database.Database, text: string): unknown {
  const rows = database.pragma(text) as Record<string, unknown>[]
  return rows[0] && Object.values(rows[0])[0]
}
