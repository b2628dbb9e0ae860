import type { Kysely } from 'kysely'
import { StoreError } from '../core/errors.js'
import { foreign } from './errors.js'
import { createTokens } from './migrations/v1.js'
import { createAccounts } from './migrations/v2.js'
import { followReservations } from './migrations/v3.js'
import { createAgentCertificates } from './migrations/v3-agent-certificates.js'
import { createAdminTokens } from './migrations/v3-admin-tokens.js'
import { followCertificates } from './migrations/v3-certificates.js'
import { followRights } from './migrations/v3-rights.js'
import type { Tables } from './schema.js'

/** One step forwards. Never changed after a release; there is no way back. */
interface Migration {
  /** What it brings, for people. */
  readonly name: string
  up(database: Kysely<Tables>): Promise<void>
}

/** Migration n (from 1) leads from schema version n - 1 to n. */
const MIGRATIONS: readonly Migration[] = [
  { name: 'tokens', up: createTokens },
  { name: 'accounts, reservations, tunnels, usage, audit log, certificates', up: createAccounts },
  {
    name: 'changes of reservations and rights, usage of tokens, tokens of the admin API, certificate authorities, certificates of agents',
    up: version3,
  },
]

async function version3(database: Kysely<Tables>): Promise<void> {
  await followReservations(database)
  await createAdminTokens(database)
  await followRights(database)
  await followCertificates(database)
  await createAgentCertificates(database)
}

/** The schema version that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** A migration that has not run, or just did. */
export interface MigrationStep {
  /** The schema version that it leads to. */
  readonly version: number
  readonly name: string
}

/** The version of a database's schema (0: there is none yet), and what is missing. */
export interface SchemaStatus {
  readonly version: number
  readonly pending: readonly MigrationStep[]
}

/** Of a database that does not exist yet. */
export const NEW_SCHEMA: SchemaStatus = { version: 0, pending: pendingFrom(0) }

/**
 * Looks, and changes nothing. `name` is the database's, for messages.
 * Throws StoreError UR_STORE_NEWER when a newer program was here, UR_STORE_NOT_A_DATABASE when another program was.
 */
export async function schemaStatus(database: Kysely<Tables>, name: string): Promise<SchemaStatus> {
  const version = await schemaVersion(database, name)
  return { version, pending: pendingFrom(version) }
}

function pendingFrom(version: number): readonly MigrationStep[] {
  return MIGRATIONS.slice(version).map(({ name }, i) => ({ version: version + i + 1, name }))
}

/**
 * Brings the schema up to date, each step in a transaction of its own, under a lock: of several processes that start at
 * once one migrates and the others find it done. Gives the steps that this process did. Throws as `schemaStatus`.
 */
export async function migrate(database: Kysely<Tables>, name: string): Promise<readonly MigrationStep[]> {
  const { pending } = await schemaStatus(database, name)
  const done: MigrationStep[] = []
  for (const step of pending) if (await migrateTo(database, name, step)) done.push(step)
  return done
}

/** False: another process was faster. */
function migrateTo(database: Kysely<Tables>, name: string, { version }: MigrationStep): Promise<boolean> {
  // read committed: the look at the version must see what was committed while the lock was waited for
  return database
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (transaction) => {
      const { adapter } = transaction.getExecutor()
      // the transaction's end frees it; where beginning one takes the only lock that there is, this does nothing
      await adapter.acquireMigrationLock(transaction, { lockTable: '', lockRowId: '' })
      const from = await schemaVersion(transaction, name)
      if (from >= version) return false
      if (from === 0) {
        await transaction.schema
          .createTable('schema_version')
          .addColumn('version', 'integer', (c) => c.notNull())
          .execute()
        await transaction.insertInto('schema_version').values({ version: 0 }).execute()
      }
      await MIGRATIONS[version - 1]?.up(transaction)
      await transaction.updateTable('schema_version').set({ version }).execute()
      return true
    })
}

/** Tables by names as common as ours may be another program's, of which the database was given to us by mistake. */
const OURS: readonly (keyof Tables)[] = [
  'accounts',
  'tokens',
  'reservations',
  'tunnels',
  'usage',
  'audit',
  'certificates',
  'reservation_changes',
  'token_usage',
  'admin_tokens',
  'certificate_failures',
  'acme_accounts',
  'acme_challenges',
  'leases',
  'agent_authorities',
  'agent_certificates',
]

async function schemaVersion(database: Kysely<Tables>, name: string): Promise<number> {
  const tables = await database.introspection.getTables()
  const columns = tables.find((table) => table.name === 'schema_version')?.columns
  if (!columns) {
    if (tables.some((table) => OURS.some((ours) => ours === table.name))) throw foreign(name)
    return 0
  }
  if (columns.length !== 1 || columns[0]?.name !== 'version') throw foreign(name)
  const { version } = await database.selectFrom('schema_version').select('version').executeTakeFirstOrThrow()
  assertKnown(version, name)
  return version
}

/** Throws StoreError UR_STORE_NEWER for the version of a schema that this program does not know. */
export function assertKnown(version: number, name: string): void {
  if (version <= SCHEMA_VERSION) return
  throw new StoreError(
    'UR_STORE_NEWER',
    `The database ${name} has schema version ${version}; this program knows versions up to ${SCHEMA_VERSION}. ` +
      'A newer version of UniRoute wrote it. What to do: run that version, or restore the backup from before it.',
  )
}
