import { type Kysely, sql, type Transaction } from 'kysely'
import { noAccount } from './accounts.js'
import { atomically } from './conflicts.js'
import { ForeignKeyViolation } from './errors.js'
import type { Tables } from './schema.js'

/** Amounts: connections and requests of visitors, bytes from (in) and to (out) them. Whole numbers below 2^53. */
export interface Amounts {
  readonly connections: number
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What an account used on one day. */
export interface UsageRecord extends Amounts {
  readonly accountId: string
  /** UTC, `2026-01-31`. */
  readonly day: string
}

/** Days from `from` to `to`, both included, each `2026-01-31`; of one account or of all. */
export interface UsageQuery {
  readonly accountId?: string
  readonly from: string
  readonly to: string
  /** Default: all. */
  readonly limit?: number
  /** The last one of the page before. */
  readonly after?: Pick<UsageRecord, 'day' | 'accountId'>
}

/** Usage per account and day. Every method throws StoreError when the database fails. */
export class UsageRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /**
   * Adds to what is there, in one transaction: all of it or, when this throws, nothing, so that the same amounts can
   * be added again later. Throws RefusedError UR_ACCOUNT_NOT_FOUND.
   */
  async add(used: readonly UsageRecord[]): Promise<void> {
    if (used.length === 0) return
    const keyOf = ({ accountId, day }: UsageRecord): string => `${accountId} ${day}`
    const sorted = [...used].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    const write = async (transaction: Transaction<Tables>): Promise<void> => {
      for (const each of sorted) await addOne(transaction, each)
    }
    await atomically(this.#database, write, 'read committed')
  }

  /** Oldest day first; days without use are left out. */
  async list({ accountId, from, to, limit, after }: UsageQuery): Promise<UsageRecord[]> {
    const later = sql<boolean>`(day, account_id) > (${after?.day}, ${after?.accountId})`
    const rows = await this.#database
      .selectFrom('usage')
      .selectAll()
      .where('day', '>=', from)
      .where('day', '<=', to)
      .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
      .$if(after !== undefined, (query) => query.where(later))
      .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
      .orderBy('day')
      .orderBy('account_id')
      .execute()
    return rows.map(({ account_id, day, connections, requests, bytes_in, bytes_out }) => ({
      accountId: account_id,
      day,
      connections,
      requests,
      bytesIn: bytes_in,
      bytesOut: bytes_out,
    }))
  }
}

async function addOne(database: Kysely<Tables>, used: UsageRecord): Promise<void> {
  const { accountId, day, connections, requests, bytesIn, bytesOut } = used
  const amounts = { connections, requests, bytes_in: bytesIn, bytes_out: bytesOut }
  try {
    await database
      .insertInto('usage')
      .values({ account_id: accountId, day, ...amounts })
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'day']).doUpdateSet((e) => ({
          connections: e('usage.connections', '+', e.ref('excluded.connections')),
          requests: e('usage.requests', '+', e.ref('excluded.requests')),
          bytes_in: e('usage.bytes_in', '+', e.ref('excluded.bytes_in')),
          bytes_out: e('usage.bytes_out', '+', e.ref('excluded.bytes_out')),
        })),
      )
      .execute()
  } catch (error) {
    throw error instanceof ForeignKeyViolation ? noAccount(accountId) : error
  }
}
