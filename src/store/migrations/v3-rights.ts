import type { Kysely } from 'kysely'
import type { Tables } from '../schema.js'

/** What servers ask "since" with, to follow what tokens may do; and what each token used on a day, for its quota. */
export async function followRights(database: Kysely<Tables>): Promise<void> {
  await database.schema.alterTable('tokens').addColumn('rights_change', 'integer').execute()
  await database.schema.createIndex('tokens_rights_change').on('tokens').column('rights_change').execute()
  await database.schema
    .createTable('token_usage')
    .addColumn('token_id', 'text', (c) => c.notNull().references('tokens.id'))
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('token_usage_day', ['token_id', 'day'])
    .execute()
}
