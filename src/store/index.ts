import { resolve } from 'node:path'
import { Kysely } from 'kysely'
import type { Secret } from '../core/secret.js'
import { AccountRepository } from './accounts.js'
import { AuditRepository } from './audit.js'
import type { OpenedDatabase } from './database.js'
import { openEmbedded } from './embedded.js'
import { migrate, type MigrationStep, schemaStatus, type SchemaStatus } from './migrations.js'
import { openPostgres } from './postgres.js'
import { ReservationRepository } from './reservations.js'
import type { Tables } from './schema.js'
import { TokenRepository } from './tokens.js'
import { TunnelRepository } from './tunnels.js'
import { UsageRepository } from './usage.js'
export type { BoundTunnel, TunnelRecord, TunnelRepository } from './tunnels.js'
export type { Amounts, UsageQuery, UsageRecord, UsageRepository } from './usage.js'

export { type MigrationStep, NEW_SCHEMA, SCHEMA_VERSION, type SchemaStatus } from './migrations.js'
export { type AccountRecord, type AccountRepository, DEFAULT_ACCOUNT } from './accounts.js'
export type { AuditEntry, AuditRecord, AuditRepository } from './audit.js'
export type { NewReservation, ReservationKind, ReservationRecord, ReservationRepository } from './reservations.js'
export {
  TOKEN_PATTERN,
  tokenHash,
  type CreatedToken,
  type Revocations,
  type Rights,
  type TokenGrant,
  type TokenRecord,
  type TokenRepository,
} from './tokens.js'

/** Embedded SQLite. */
export interface EmbeddedStoreOptions {
  /** Path of the database file, made (0600) when missing, with its folder (0700). */
  readonly file: string
  /** How long a query waits for other processes' locks, in ms; the event loop goes on meanwhile. Default 5000. */
  readonly lockTimeoutMs?: number
}

/** PostgreSQL. */
export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with parameters as for psql. */
  readonly url: Secret
  /** The most connections at once. Default 10. */
  readonly connections?: number
  /** Bound for making a connection, and for waiting for a free one, in ms. Default 3000. */
  readonly connectTimeoutMs?: number
  /** Bound for one statement, locks included, in ms. Default 10 000. */
  readonly statementTimeoutMs?: number
}

export type StoreOptions = EmbeddedStoreOptions | PostgresStoreOptions

/** What must outlive the process. Several processes may have the same database open. */
export interface Store {
  /** For messages: the path of the file, or the address without its password. */
  readonly name: string
  readonly accounts: AccountRepository
  readonly tokens: TokenRepository
  readonly reservations: ReservationRepository
  /** What was bound when; what is bound now stands in the memory of the servers. */
  readonly tunnels: TunnelRepository
  readonly usage: UsageRepository
  readonly audit: AuditRepository
  /** Waits for the write under way; later calls fail with UR_STORE_CLOSED. */
  close(): Promise<void>
}

/**
 * Opens the database, creates or migrates its schema. While PostgreSQL cannot be reached each call fails, and the next
 * one tries again.
 * Throws StoreError; its codes UR_STORE_… tell a full disk, a lock, a server that is away and so on apart. Throws
 * ConfigError UR_STORE_URL for an address that is none.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const opened = await openDatabase(options)
  const database = new Kysely<Tables>({ dialect: opened.dialect })
  try {
    await migrate(database, opened.name)
  } catch (error) {
    await opened.close()
    throw error
  }
  return {
    name: opened.name,
    accounts: new AccountRepository(database),
    tokens: new TokenRepository(database),
    reservations: new ReservationRepository(database),
    tunnels: new TunnelRepository(database),
    usage: new UsageRepository(database),
    audit: new AuditRepository(database),
    close: () => opened.close(),
  }
}

/** How a database stands to this program. */
export interface StoreStatus extends SchemaStatus {
  /** As `Store.name`. */
  readonly name: string
}

/** Looks at a database, which must be there, and changes nothing. Throws as `openStore`. */
export async function lookAtStore(options: StoreOptions): Promise<StoreStatus> {
  return withDatabase(options, async (database, name) => ({ name, ...(await schemaStatus(database, name)) }))
}

/** Creates or migrates the schema, as `openStore` does, and gives the steps that it took. Throws as `openStore`. */
export async function migrateStore(options: StoreOptions): Promise<readonly MigrationStep[]> {
  return withDatabase(options, migrate)
}

async function withDatabase<T>(
  options: StoreOptions,
  work: (database: Kysely<Tables>, name: string) => Promise<T>,
): Promise<T> {
  const opened = await openDatabase(options)
  try {
    return await work(new Kysely<Tables>({ dialect: opened.dialect }), opened.name)
  } finally {
    await opened.close()
  }
}

async function openDatabase(options: StoreOptions): Promise<OpenedDatabase> {
  if ('file' in options) {
    const { file, lockTimeoutMs = 5000 } = options
    return openEmbedded({ file: resolve(file), lockTimeoutMs })
  }
  const { url, connections = 10, connectTimeoutMs = 3000, statementTimeoutMs = 10_000 } = options
  return openPostgres({ url, connections, connectTimeoutMs, statementTimeoutMs })
}
