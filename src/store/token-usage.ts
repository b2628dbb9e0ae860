import type { Kysely, Transaction } from 'kysely'
import { atomically } from './conflicts.js'
import type { Tables } from './schema.js'

/** What the visitors of a token moved on one day, both ways. */
export interface TokenUsage {
  readonly tokenId: string
  /** UTC, `2026-01-31`. */
  readonly day: string
  readonly bytes: number
}

/** Usage per token and day, for quotas. Every method throws StoreError when the database fails. */
export class TokenUsageRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /** Bytes of a token on a day; 0: none. */
  async bytes(tokenId: string, day: string): Promise<number> {
    const row = await this.#database
      .selectFrom('token_usage')
      .select('bytes')
      .where('token_id', '=', tokenId)
      .where('day', '=', day)
      .executeTakeFirst()
    return row?.bytes ?? 0
  }

  /** Adds to what is there, in one transaction: all of it or, when this throws, nothing. */
  async add(used: readonly TokenUsage[]): Promise<void> {
    if (used.length === 0) return
    const keyOf = ({ tokenId, day }: TokenUsage): string => `${tokenId} ${day}`
    const sorted = [...used].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    const write = async (transaction: Transaction<Tables>): Promise<void> => {
      for (const { tokenId, day, bytes } of sorted) {
        await transaction
          .insertInto('token_usage')
          .values({ token_id: tokenId, day, bytes })
          .onConflict((conflict) =>
            conflict
              .columns(['token_id', 'day'])
              .doUpdateSet((e) => ({ bytes: e('token_usage.bytes', '+', e.ref('excluded.bytes')) })),
          )
          .execute()
      }
    }
    await atomically(this.#database, write, 'read committed')
  }

  /** Forgets the days before `day`. */
  async prune(day: string): Promise<void> {
    await this.#database.deleteFrom('token_usage').where('day', '<', day).execute()
  }
}
