import type { Kysely } from 'kysely'
import type { Tables } from '../schema.js'

/** Tokens of the admin API; and what pages of the history of tunnels are read by. */
export async function createAdminTokens(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('admin_tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('last_used_at', 'text')
    .addColumn('revoked_at', 'text')
    .execute()
  await database.schema.createIndex('admin_tokens_name').on('admin_tokens').column('name').execute()
  await database.schema.createIndex('tunnels_bound').on('tunnels').columns(['bound_at', 'id']).execute()
}
