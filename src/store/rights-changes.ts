import type { Transaction } from 'kysely'
import type { Tables } from './schema.js'

/**
 * The number for a change of what tokens may do. Serializable transactions see each other's numbers, so that they follow
 * the order of the commits.
 */
export async function nextRightsChange(transaction: Transaction<Tables>): Promise<number> {
  const last = await transaction
    .selectFrom('tokens')
    .select((e) => e.fn.max('rights_change').as('change'))
    .executeTakeFirst()
  return (last?.change ?? 0) + 1
}
