import { type Kysely, sql } from 'kysely'
import type { Tables } from '../schema.js'

/** What servers ask "since" with, to follow the reservations. */
export async function followReservations(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('reservation_changes')
    .addColumn('reservation_id', 'text', (c) => c.primaryKey())
    .addColumn('revision', 'integer', (c) => c.notNull().unique())
    .execute()
  await sql`
    insert into reservation_changes (reservation_id, revision)
    select id, row_number() over (order by created_at, id) from reservations`.execute(database)
}
