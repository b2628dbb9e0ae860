import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { atomically } from './conflicts.js'
import { newId } from './ids.js'
import type { PageQuery } from './pages.js'
import type { Tables, TunnelHistoryTable } from './schema.js'
import { dateOrNull, now } from './times.js'

/** A tunnel that was just bound. */
export interface BoundTunnel {
  readonly accountId: string
  readonly tokenId: string
  readonly name: string
  readonly kind: string
  /** The public URL. */
  readonly address: string
  /** Name of the server that holds it. */
  readonly node: string
}

/** A tunnel that is or was. Times are UTC. */
export interface TunnelRecord extends BoundTunnel {
  readonly id: string
  readonly boundAt: Date
  /** Null: it is still bound. */
  readonly unboundAt: Date | null
  readonly why: string | null
}

/** What happened to a tunnel: it was bound, or (a `why`) unbound. `id` is one of `newTunnelId`. */
export type TunnelEvent =
  | { readonly id: string; readonly at: Date; readonly bound: BoundTunnel }
  | { readonly id: string; readonly at: Date; readonly why: string }

/** An id for a tunnel that is written down later. */
export function newTunnelId(): string {
  return newId('tun_')
}

/** The history of tunnels. Every method throws StoreError when the database fails. */
export class TunnelRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /** Writes down that a tunnel was bound. Gives its id. */
  async open({ accountId, tokenId, ...tunnel }: BoundTunnel): Promise<string> {
    const id = newId('tun_')
    await this.#database
      .insertInto('tunnels')
      .values({ id, account_id: accountId, token_id: tokenId, ...tunnel, bound_at: now() })
      .execute()
    return id
  }

  /** Writes down that it was unbound, and why: a UR_… code or a word. One that was before stays as it was. */
  async close(id: string, why: string): Promise<void> {
    await this.#database
      .updateTable('tunnels')
      .set({ unbound_at: now(), why })
      .where('id', '=', id)
      .where('unbound_at', 'is', null)
      .execute()
  }

  /** Writes down what happened, oldest first, in one transaction; the same twice is as once. */
  async write(events: readonly TunnelEvent[]): Promise<void> {
    const write = async (transaction: Transaction<Tables>): Promise<void> => {
      for (const event of events) await writeOne(transaction, event)
    }
    await atomically(this.#database, write, 'read committed')
  }

  /** Deletes what was unbound before `time`. Gives how many tunnels that were. */
  async prune(time: Date): Promise<number> {
    const { numDeletedRows } = await this.#database
      .deleteFrom('tunnels')
      .where('unbound_at', '<', time.toISOString())
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  }

  /** Closes all that this node has open: what a process that crashed left behind. Gives how many there were. */
  async closeAllOf(node: string, why: string): Promise<number> {
    const { numUpdatedRows } = await this.#database
      .updateTable('tunnels')
      .set({ unbound_at: now(), why })
      .where('node', '=', node)
      .where('unbound_at', 'is', null)
      .executeTakeFirstOrThrow()
    return Number(numUpdatedRows)
  }

  /** Tunnels of one account or of all, newest first; `after` is the last one of the page before. */
  async list({ accountId, limit, after }: PageQuery & { accountId?: string }): Promise<TunnelRecord[]> {
    const older = sql<boolean>`(bound_at, id) < (${after?.at.toISOString()}, ${after?.id})`
    const rows = await this.#database
      .selectFrom('tunnels')
      .selectAll()
      .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
      .$if(after !== undefined, (query) => query.where(older))
      .orderBy('bound_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }
}

async function writeOne(database: Kysely<Tables>, event: TunnelEvent): Promise<void> {
  const { id } = event
  const at = event.at.toISOString()
  if ('why' in event) {
    const closed = database.updateTable('tunnels').set({ unbound_at: at, why: event.why })
    await closed.where('id', '=', id).where('unbound_at', 'is', null).execute()
    return
  }
  const { accountId, tokenId, ...tunnel } = event.bound
  await database
    .insertInto('tunnels')
    .values({ id, account_id: accountId, token_id: tokenId, ...tunnel, bound_at: at })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

function toRecord(row: Selectable<TunnelHistoryTable>): TunnelRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    tokenId: row.token_id,
    name: row.name,
    kind: row.kind,
    address: row.address,
    node: row.node,
    boundAt: new Date(row.bound_at),
    unboundAt: dateOrNull(row.unbound_at),
    why: row.why,
  }
}
