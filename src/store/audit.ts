import { randomBytes } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { AuditTable, Tables } from './schema.js'

/** Something that was done. */
export interface AuditEntry {
  /** Who: the id of a token or account, or a word such as `cli`. */
  readonly actor: string
  /** What: `token.create`. */
  readonly action: string
  /** To what: an id, or a name. */
  readonly object: string
  readonly details?: Readonly<Record<string, unknown>>
  /** IP address of the actor. */
  readonly address?: string
}

/** An entry as it stands in the log. Times are UTC. */
export interface AuditRecord {
  /** Sorts by time. */
  readonly id: string
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly object: string
  readonly details: Readonly<Record<string, unknown>> | null
  readonly address: string | null
}

/** Who did what. Entries are never changed. Every method throws StoreError when the database fails. */
export class AuditRepository {
  readonly #database: Kysely<Tables>
  readonly #ids: AuditIds

  /** Repositories of one process share `ids`. */
  constructor(database: Kysely<Tables>, ids: AuditIds) {
    this.#database = database
    this.#ids = ids
  }

  /** Adds an entry with the time of now. Gives it as it stands. */
  async append({ actor, action, object, details, address }: AuditEntry): Promise<AuditRecord> {
    const { id, at } = this.#ids.next()
    const row = {
      id,
      at: at.toISOString(),
      actor,
      action,
      object,
      details: details === undefined ? null : JSON.stringify(details),
      address: address ?? null,
    }
    await this.#database.insertInto('audit').values(row).execute()
    return toRecord(row)
  }

  /** The newest `limit` entries, newest first; `before` is the id of the last one of the page before. */
  async list({ before, limit }: { before?: string; limit: number }): Promise<AuditRecord[]> {
    const rows = await this.#database
      .selectFrom('audit')
      .selectAll()
      .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }

  /** Deletes what is older than `time`, and all but the newest `most`. Gives how many entries that were. */
  async prune(time: Date, most = Infinity): Promise<number> {
    const firstTooMany = Number.isFinite(most)
      ? await this.#database
          .selectFrom('audit')
          .select('id')
          .orderBy('id', 'desc')
          .offset(most)
          .limit(1)
          .executeTakeFirst()
      : undefined
    const { numDeletedRows } = await this.#database
      .deleteFrom('audit')
      .where((e) => e.or([e('at', '<', time.toISOString()), e('id', '<=', firstTooMany?.id ?? '')]))
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  }
}

/** Ids of audit entries, which sort by time. */
export class AuditIds {
  /** Time and number of the last id. */
  #last = { ms: 0, count: 0 }

  /**
   * `aud_`, the milliseconds, a number among those of one millisecond, and chance among those of several processes:
   * in lower-case hex, which every collation sorts alike. A clock that was turned back keeps the order of one process.
   */
  next(): { id: string; at: Date } {
    const ms = Math.max(Date.now(), this.#last.ms)
    const count = ms === this.#last.ms ? this.#last.count + 1 : 0
    this.#last = { ms, count }
    const id = `aud_${hex(ms, 12)}${hex(count, 6)}${randomBytes(4).toString('hex')}`
    return { id, at: new Date(ms) }
  }
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0')
}

function toRecord({ at, details, ...row }: Selectable<AuditTable>): AuditRecord {
  return {
    ...row,
    at: new Date(at),
    details: details === null ? null : (JSON.parse(details) as Record<string, unknown>),
  }
}
