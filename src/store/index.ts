import { resolve } from 'node:path'
import { Kysely } from 'kysely'
import { ConfigError } from '../core/errors.js'
import type { Secret } from '../core/secret.js'
import { AccountRepository } from './accounts.js'
import { AgentCertificateRepository } from './agent-certificates.js'
import { AcmeRepository } from './acme.js'
import { AdminTokenRepository } from './admin-tokens.js'
import { AuditIds, AuditRepository } from './audit.js'
import { CertificateRepository } from './certificates.js'
import { atomically } from './conflicts.js'
import type { OpenedDatabase } from './database.js'
import type { Backup, Restored } from './embedded-backup.js'
import { LeaseRepository } from './leases.js'
import { migrate, type MigrationStep, schemaStatus, type SchemaStatus } from './migrations.js'
import { parsePostgresUrl } from './postgres-url.js'
import { ReservationRepository } from './reservations.js'
import type { Tables } from './schema.js'
import { TokenUsageRepository } from './token-usage.js'
import { TokenRepository } from './tokens.js'
import { TunnelRepository } from './tunnels.js'
import { UsageRepository } from './usage.js'

export { type AccountRecord, type AccountRepository, DEFAULT_ACCOUNT } from './accounts.js'
export {
  ADMIN_TOKEN_PATTERN,
  type AdminScope,
  type AdminTokenGrant,
  type AdminTokenRecord,
  type AdminTokenRepository,
  type CreatedAdminToken,
} from './admin-tokens.js'
export type { AcmeAccount, AcmeRepository, SharedChallenge } from './acme.js'
export type {
  AgentAuthorityRecord,
  AgentCertificateRecord,
  AgentCertificateRepository,
  NewAgentCertificate,
} from './agent-certificates.js'
export type { AuditEntry, AuditRecord, AuditRepository } from './audit.js'
export type {
  CertificateChanges,
  CertificateFailure,
  CertificateRecord,
  CertificateRepository,
} from './certificates.js'
export type { LeaseRepository, LeaseState } from './leases.js'
export type { Backup, Restored } from './embedded-backup.js'
export { type MigrationStep, NEW_SCHEMA, SCHEMA_VERSION, type SchemaStatus } from './migrations.js'
export type {
  NewReservation,
  ProofState,
  ReservationChanges,
  ReservationKind,
  ReservationRecord,
  ReservationRepository,
} from './reservations.js'
export type { Revocations } from './revocations.js'
export { storeName } from './store-name.js'
export type { TokenUsage, TokenUsageRepository } from './token-usage.js'
export {
  TOKEN_PATTERN,
  tokenHash,
  type CreatedToken,
  type LoginRecord,
  type Rights,
  type RightsChange,
  type RightsChanges,
  type TokenGrant,
  type TokenRecord,
  type TokenRepository,
} from './tokens.js'
export type { PageQuery, Position } from './pages.js'
export { newTunnelId, type BoundTunnel, type TunnelEvent, type TunnelRecord, type TunnelRepository } from './tunnels.js'
export type { Amounts, UsageQuery, UsageRecord, UsageRepository } from './usage.js'

const LOCK_TIMEOUT_MS = 5000

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

/** What is in a database. */
export interface Repositories {
  readonly accounts: AccountRepository
  readonly tokens: TokenRepository
  readonly adminTokens: AdminTokenRepository
  readonly reservations: ReservationRepository
  /** What was bound when; what is bound now stands in the memory of the servers. */
  readonly tunnels: TunnelRepository
  readonly usage: UsageRepository
  readonly tokenUsage: TokenUsageRepository
  readonly audit: AuditRepository
  readonly certificates: CertificateRepository
  readonly acme: AcmeRepository
  readonly leases: LeaseRepository
  readonly agentCertificates: AgentCertificateRepository
}

/** What must outlive the process. Several processes may have the same database open. */
export interface Store extends Repositories {
  /** For messages: the path of the file, or the address without its password. */
  readonly name: string
  /**
   * Does `work` in one transaction: all of it or, when it throws, nothing. It may be called several times, so it must
   * have no effect but in the database. Throws what it throws, and StoreError.
   */
  together<T>(work: (repositories: Repositories) => Promise<T>): Promise<T>
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
  const ids = new AuditIds()
  return {
    name: opened.name,
    ...repositoriesOn(database, ids),
    together: (work) => atomically(database, (transaction) => work(repositoriesOn(transaction, ids))),
    close: () => opened.close(),
  }
}

function repositoriesOn(database: Kysely<Tables>, ids: AuditIds): Repositories {
  return {
    accounts: new AccountRepository(database),
    tokens: new TokenRepository(database),
    adminTokens: new AdminTokenRepository(database),
    reservations: new ReservationRepository(database),
    tunnels: new TunnelRepository(database),
    usage: new UsageRepository(database),
    tokenUsage: new TokenUsageRepository(database),
    audit: new AuditRepository(database, ids),
    certificates: new CertificateRepository(database),
    acme: new AcmeRepository(database),
    leases: new LeaseRepository(database),
    agentCertificates: new AgentCertificateRepository(database),
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

/**
 * Writes a copy of the embedded database into the new file `target`, while others use it.
 * Throws ConfigError UR_BACKUP_POSTGRES for PostgreSQL, which has tools of its own; else as `backupEmbedded`.
 */
export async function backupStore(options: StoreOptions, target: string): Promise<Backup> {
  const { file, lockTimeoutMs = LOCK_TIMEOUT_MS } = embeddedOnly(options)
  const { backupEmbedded } = await import('./embedded-backup.js')
  return backupEmbedded(resolve(file), resolve(target), lockTimeoutMs)
}

/**
 * Puts a backup in the place of the embedded database, which nobody may have open.
 * Throws ConfigError UR_BACKUP_POSTGRES for PostgreSQL; else as `restoreEmbedded`.
 */
export async function restoreStore(options: StoreOptions, source: string): Promise<Restored> {
  const { file, lockTimeoutMs = LOCK_TIMEOUT_MS } = embeddedOnly(options)
  const { restoreEmbedded } = await import('./embedded-backup.js')
  return restoreEmbedded(resolve(file), resolve(source), lockTimeoutMs)
}

function embeddedOnly(options: StoreOptions): EmbeddedStoreOptions {
  if ('file' in options) return options
  const { name } = parsePostgresUrl(options.url)
  throw new ConfigError(
    'UR_BACKUP_POSTGRES',
    `The database is ${name}, which this command does not copy. What to do: use PostgreSQL's own tools, ` +
      `\`pg_dump --format=custom --file=FILE ADDRESS\` and \`pg_restore --clean --if-exists --dbname=ADDRESS FILE\`.`,
  )
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

/** Loads the driver of this database alone. */
async function openDatabase(options: StoreOptions): Promise<OpenedDatabase> {
  if ('file' in options) {
    const { file, lockTimeoutMs = LOCK_TIMEOUT_MS } = options
    const { openEmbedded } = await import('./embedded.js')
    return openEmbedded({ file: resolve(file), lockTimeoutMs })
  }
  const { url, connections = 10, connectTimeoutMs = 3000, statementTimeoutMs = 10_000 } = options
  const { openPostgres } = await import('./postgres.js')
  return openPostgres({ url, connections, connectTimeoutMs, statementTimeoutMs })
}
