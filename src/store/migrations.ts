import { type Kysely, sql } from 'kysely'
import { StoreError } from '../core/errors.js'
import type { Tables } from './schema.js'

/** One step forwards. Never changed after a release; there is no way back. */
type Migration = (database: Kysely<Tables>) => Promise<void>

/** Migration n (from 1) leads from schema version n - 1 to n. */
const MIGRATIONS: readonly Migration[] = [createTokens]

/** The schema version that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Brings the schema up to date, in one transaction, under the write lock: of several processes that start at once
 * one migrates and the others find it done. Throws StoreError UR_STORE_NEWER when a newer program was here.
 */
export async function migrate(database: Kysely<Tables>, file: string): Promise<void> {
  if ((await schemaVersion(database, file)) === SCHEMA_VERSION) return
  await database.transaction().execute(async (transaction) => {
    const from = await schemaVersion(transaction, file)
    if (from === SCHEMA_VERSION) return
    if (from === 0) {
      await transaction.schema
        .createTable('schema_version')
        .addColumn('version', 'integer', (c) => c.notNull())
        .execute()
      await transaction.insertInto('schema_version').values({ version: 0 }).execute()
    }
    for (const migration of MIGRATIONS.slice(from)) await migration(transaction)
    await transaction.updateTable('schema_version').set({ version: SCHEMA_VERSION }).execute()
  })
}

async function schemaVersion(database: Kysely<Tables>, file: string): Promise<number> {
  const tables = await database.introspection.getTables()
  if (!tables.some((table) => table.name === 'schema_version')) return 0
  const { version } = await database.selectFrom('schema_version').select('version').executeTakeFirstOrThrow()
  if (version <= SCHEMA_VERSION) return version
  throw new StoreError(
    'UR_STORE_NEWER',
    `The database ${file} has schema version ${version}; this program knows versions up to ${SCHEMA_VERSION}. ` +
      'A newer version of UniRoute wrote it. What to do: run that version, or restore the backup from before it.',
  )
}

async function createTokens(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('last_used_at', 'text')
    .addColumn('revoked_at', 'text')
    .addColumn('revocation', 'integer', (c) => c.unique())
    .execute()
  await database.schema
    .createIndex('tokens_live_name')
    .on('tokens')
    .column('name')
    .unique()
    .where(sql.ref('revoked_at'), 'is', null)
    .execute()
}
