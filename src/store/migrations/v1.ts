import { type Kysely, sql } from 'kysely'
import type { Tables } from '../schema.js'

/** Tokens. */
export async function createTokens(database: Kysely<Tables>): Promise<void> {
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
