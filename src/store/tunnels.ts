import type { Kysely, Selectable } from 'kysely'
import { newId } from './ids.js'
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

  /** The newest `limit` tunnels of one account or of all, newest first. */
  async list({ accountId, limit }: { accountId?: string; limit: number }): Promise<TunnelRecord[]> {
    const rows = await this.#database
      .selectFrom('tunnels')
      .selectAll()
      .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
      .orderBy('bound_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }
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
