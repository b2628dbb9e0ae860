import type { Kysely } from 'kysely'
import type { Tables } from './schema.js'

export interface Revocations {
  /** Give it to the next `revokedSince`. */
  readonly cursor: number
  readonly ids: readonly string[]
}

/** What was revoked in a table after an earlier answer; from cursor 0, all. One look into an index. */
export async function revokedSince(
  database: Kysely<Tables>,
  table: 'tokens' | 'agent_certificates',
  cursor: number,
): Promise<Revocations> {
  const rows = await database
    .selectFrom(table)
    .select(['id', 'revocation'])
    .where('revocation', '>', cursor)
    .orderBy('revocation')
    .execute()
  return { cursor: rows.at(-1)?.revocation ?? cursor, ids: rows.map((row) => row.id) }
}
