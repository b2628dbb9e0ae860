import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type IsolationLevel,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
  type QueryResult,
  sql,
  type TableMetadata,
  type TransactionSettings,
} from 'kysely'
import pg from 'pg'
import type { Secret } from '../core/secret.js'
import { isConflict, pauseBeforeTry, TRIES } from './conflicts.js'
import type { OpenedDatabase } from './database.js'
import { closed } from './errors.js'
import { explainBegin, explainPostgres, isOfStatement } from './postgres-errors.js'
import { parsePostgresUrl } from './postgres-url.js'

/** "UniRoute" in ASCII; whoever migrates holds the advisory lock of this number. */
const MIGRATION_LOCK = BigInt('0x556e69526f757465')
/** So long one that migrates waits for another one. */
const MIGRATION_WAIT = '60s'
/** A server that is stopped in the middle of a transaction must not keep its locks. */
const IDLE_IN_TRANSACTION_MS = 30_000
/** What a statement may take longer, on the way, than the server lets it run. */
const ON_THE_WAY_MS = 2_000
const INT8 = pg.types.builtins.INT8

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`; parameters as for psql. */
  readonly url: Secret
  /** The most connections at once. */
  readonly connections: number
  /** Bound for making a connection, and for waiting for one that is free. */
  readonly connectTimeoutMs: number
  /** Bound for one statement, locks included. */
  readonly statementTimeoutMs: number
}

/**
 * PostgreSQL for Kysely: a bounded pool; a connection that failed is given up and the next query makes a new one.
 * All that differs between PostgreSQL and other databases stands in this file and in `postgres-*.ts`.
 * Connects with the first query. Throws ConfigError UR_STORE_URL.
 */
export function openPostgres({
  url: secret,
  connections,
  connectTimeoutMs,
  statementTimeoutMs,
}: PostgresOptions): OpenedDatabase {
  const { url, name } = parsePostgresUrl(secret)
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ON_THE_WAY_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    types: { getTypeParser: (oid, format): unknown => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) },
  })
  // The pool drops idle connections that fail, and a query over a failed one rejects: nothing else is to be done.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const driver = new PostgresDriver(pool, name)
  const dialect: Dialect = {
    createAdapter: (): DialectAdapter => new LockingAdapter(),
    createDriver: (): Driver => driver,
    createIntrospector: (database: Kysely<unknown>): DatabaseIntrospector => new OwnSchema(database),
    createQueryCompiler: (): QueryCompiler => new PostgresQueryCompiler(),
  }
  return { dialect, name, close: () => driver.destroy() }
}

class PostgresDriver implements Driver {
  readonly #pool: pg.Pool
  readonly #name: string
  #ended: Promise<void> | null = null

  constructor(pool: pg.Pool, name: string) {
    this.#pool = pool
    this.#name = name
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    if (this.#ended) throw closed(this.#name)
    try {
      return new PostgresConnection(await this.#pool.connect(), this.#name)
    } catch (error) {
      throw explainPostgres(error, this.#name)
    }
  }

  beginTransaction(connection: PostgresConnection, { isolationLevel }: TransactionSettings): Promise<void> {
    return connection.begin(isolationLevel ?? 'read committed')
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  rollbackTransaction(connection: PostgresConnection): Promise<void> {
    return connection.rollback()
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release()
  }

  destroy(): Promise<void> {
    return (this.#ended ??= this.#pool.end())
  }
}

class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  readonly #name: string
  #inTransaction = false
  #broken = false

  constructor(client: pg.PoolClient, name: string) {
    this.#client = client
    this.#name = name
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#run<R>(query)
      } catch (error) {
        // inside a transaction the whole of it has to be done again
        if (this.#inTransaction || !isConflict(error) || tries === TRIES) throw error
      }
      await pauseBeforeTry(tries)
    }
  }

  // eslint-disable-next-line require-yield -- Kysely's interface; no repository streams
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('streaming queries are not supported')
  }

  async begin(isolationLevel: IsolationLevel): Promise<void> {
    this.#inTransaction = true
    try {
      await this.#client.query(`start transaction isolation level ${isolationLevel}`)
    } catch (error) {
      this.#broken = true
      throw explainBegin(error, this.#name)
    }
  }

  /** What made the transaction fail is told, not that it could not be rolled back: a connection that ends does that too. */
  async rollback(): Promise<void> {
    try {
      await this.#run(CompiledQuery.raw('rollback'))
    } catch {
      this.#broken = true
    }
  }

  release(): void {
    this.#client.release(this.#broken)
  }

  async #run<R>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { command, rowCount, rows } = await this.#client.query<R & pg.QueryResultRow>(text, [...parameters])
      return command === 'SELECT' ? { rows } : { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    } catch (error) {
      // of a server that only reads, perhaps because another one took over, the address may by now lead to that one
      if (!isOfStatement(error)) this.#broken = true
      throw explainPostgres(error, this.#name)
    }
  }
}

/** Kysely's hook for the lock under which migrations run. */
class LockingAdapter extends PostgresAdapter {
  override async acquireMigrationLock(database: Kysely<unknown>): Promise<void> {
    // A migration takes what it takes; only a lock of somebody who hangs is not waited for.
    await sql`set local statement_timeout = 0`.execute(database)
    await sql`set local lock_timeout = ${sql.lit(MIGRATION_WAIT)}`.execute(database)
    await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(database)
  }
}

/** Tables of the schema in which ours are made: others may be somebody else's. */
class OwnSchema extends PostgresIntrospector {
  readonly #database: Kysely<unknown>

  constructor(database: Kysely<unknown>) {
    super(database)
    this.#database = database
  }

  override async getTables(): Promise<TableMetadata[]> {
    const { rows } = await sql<{ name: string | null }>`select current_schema() as name`.execute(this.#database)
    return (await super.getTables()).filter(({ schema }) => schema === rows[0]?.name)
  }
}
