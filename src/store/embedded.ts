import type Database from 'libsql'
import { type CompiledQuery, type DatabaseConnection, type Driver, type QueryResult, SqliteDialect } from 'kysely'
import type { OpenedDatabase } from './database.js'
import { identityOf, openHandle, prepareFile, untilUnlocked } from './embedded-file.js'
import { closed, explain, gone } from './errors.js'

export interface EmbeddedOptions {
  /** Path of the database file; it and its folder are created when missing (0600, 0700). */
  readonly file: string
  /** How long to wait for other processes' locks before UR_STORE_LOCKED. */
  readonly lockTimeoutMs: number
}

/**
 * Embedded SQLite for Kysely: WAL, foreign keys, every commit on the disk before it is reported.
 * Waiting for another process's lock never blocks the event loop, and reads never wait for this process's writes.
 * All that differs between SQLite and other databases stands in the files `embedded*.ts` and in `errors.ts`.
 * Throws StoreError.
 */
export async function openEmbedded({ file, lockTimeoutMs }: EmbeddedOptions): Promise<OpenedDatabase> {
  try {
    prepareFile(file)
    const writer = await untilUnlocked(lockTimeoutMs, () => openHandle(file))
    const reader = await untilUnlocked(lockTimeoutMs, () => openHandle(file))
    const identity = identityOf(file)
    const driver = new EmbeddedDriver({ file, identity, lockTimeoutMs, writer, reader, turn: Promise.resolve() })
    return { dialect: new EmbeddedDialect(driver), name: file, close: () => driver.destroy() }
  } catch (error) {
    throw explain(error, file)
  }
}

class EmbeddedDialect extends SqliteDialect {
  readonly #driver: EmbeddedDriver

  constructor(driver: EmbeddedDriver) {
    super({ database: () => Promise.reject(new Error('the embedded driver opens its own connections')) })
    this.#driver = driver
  }

  override createDriver(): Driver {
    return this.#driver
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
