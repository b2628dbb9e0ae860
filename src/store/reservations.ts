import type { Kysely, Selectable, Transaction } from 'kysely'
import { RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { noAccount } from './accounts.js'
import { atomically } from './conflicts.js'
import { ForeignKeyViolation, UniqueViolation } from './errors.js'
import { newId } from './ids.js'
import { olderFirst, type PageQuery } from './pages.js'
import type { ReservationTable, Tables } from './schema.js'
import { dateOrNull, now } from './times.js'

export type ReservationKind = ReservationRecord['kind']

/** A name or port that one account alone may bind. Times are UTC. */
export interface ReservationRecord {
  readonly id: string
  readonly accountId: string
  readonly kind: 'subdomain' | 'domain' | 'port'
  readonly value: string
  readonly createdAt: Date
  /** What shows the ownership of a domain; null for other kinds. */
  readonly proof: string | null
  /** When the proof was last found. */
  readonly verifiedAt: Date | null
  /** Since when it is not found any more. */
  readonly failingSince: Date | null
}

/** What is to be reserved. `value` is as the routing writes it: lower case, punycode, a port in decimal. */
export interface NewReservation {
  readonly accountId: string
  readonly kind: ReservationKind
  readonly value: string
  readonly proof?: string
}

/** How the proof of a domain stands. */
export type ProofState = Pick<ReservationRecord, 'verifiedAt' | 'failingSince'>

/** What changed after an earlier answer. */
export interface ReservationChanges {
  /** Give it to the next `changedSince`. */
  readonly cursor: number
  /** As they are now. */
  readonly records: readonly ReservationRecord[]
  /** Ids of those that were given up. */
  readonly released: readonly string[]
}

/** Reserved names and ports. Every method throws StoreError when the database fails. */
export class ReservationRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /**
   * Reserves; `replaces`: the id of one that is given up for it. Throws RefusedError UR_RESERVED when somebody has it,
   * the same account included, without telling who; UR_ACCOUNT_NOT_FOUND.
   */
  async reserve({ accountId, kind, value, proof }: NewReservation, replaces?: string): Promise<ReservationRecord> {
    const row = { id: newId('res_'), account_id: accountId, kind, value, created_at: now(), proof: proof ?? null }
    try {
      await atomically(this.#database, async (transaction) => {
        if (replaces !== undefined) await remove(transaction, replaces)
        const holder = await selectOne(transaction, kind, value)
        if (holder) throw reserved(kind, value)
        await transaction.insertInto('reservations').values(row).execute()
        await noteChange(transaction, row.id)
      })
    } catch (error) {
      if (error instanceof ForeignKeyViolation) throw noAccount(accountId)
      if (error instanceof UniqueViolation) throw reserved(kind, value)
      throw error
    }
    return toRecord({ ...row, verified_at: null, failing_since: null })
  }

  /** Who has it; null: nobody. */
  async lookup(kind: ReservationKind, value: string): Promise<ReservationRecord | null> {
    const row = await selectOne(this.#database, kind, value)
    return row ? toRecord(row) : null
  }

  /** Every reservation, or those of one account, oldest first. */
  async list(accountId?: string): Promise<ReservationRecord[]> {
    const rows = await this.#database
      .selectFrom('reservations')
      .selectAll()
      .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
      .orderBy('created_at')
      .orderBy('id')
      .execute()
    return rows.map(toRecord)
  }

  /** The reservations that changed after an earlier answer; from cursor 0, all. Otherwise one look into an index. */
  async changedSince(cursor: number): Promise<ReservationChanges> {
    const changes = await this.#database
      .selectFrom('reservation_changes')
      .leftJoin('reservations', 'reservations.id', 'reservation_changes.reservation_id')
      .selectAll('reservations')
      .select(['revision', 'reservation_id'])
      .where('revision', '>', cursor)
      .orderBy('revision')
      .execute()
    const last = changes.at(-1)?.revision ?? cursor
    const records: ReservationRecord[] = []
    const released: string[] = []
    for (const { revision: _, reservation_id: changed, ...row } of changes) {
      if (row.id === null) released.push(changed)
      else records.push(toRecord(row as Selectable<ReservationTable>))
    }
    return { cursor: last, records, released }
  }

  /** Notes how the proof of a domain stands. False: the reservation was given up meanwhile. */
  async noteProof(id: string, { verifiedAt, failingSince }: ProofState): Promise<boolean> {
    const columns = {
      verified_at: verifiedAt?.toISOString() ?? null,
      failing_since: failingSince?.toISOString() ?? null,
    }
    return atomically(this.#database, async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('reservations')
        .set(columns)
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows === 0n) return false
      await noteChange(transaction, id)
      return true
    })
  }

  /** As `list`, in parts. */
  async page({ limit, after, accountId }: PageQuery & { accountId?: string }): Promise<ReservationRecord[]> {
    const rows = await this.#database
      .selectFrom('reservations')
      .selectAll()
      .where(olderFirst(after))
      .$if(accountId !== undefined, (query) => query.where('account_id', '=', accountId ?? ''))
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }

  /** The reservation with this id. Throws RefusedError UR_RESERVATION_NOT_FOUND. */
  async get(id: string): Promise<ReservationRecord> {
    const row = await this.#database.selectFrom('reservations').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw noReservation(id)
    return toRecord(row)
  }

  /** Gives a reservation up by its id. Throws RefusedError UR_RESERVATION_NOT_FOUND. */
  async release(id: string): Promise<void> {
    if (await atomically(this.#database, (transaction) => remove(transaction, id))) return
    throw noReservation(id)
  }
}

function noReservation(id: string): RefusedError {
  return new RefusedError(
    'UR_RESERVATION_NOT_FOUND',
    `No reservation has the id "${printable(id.slice(0, 80))}". What to do: \`uniroutd reserve list\` shows them.`,
  )
}

function reserved(kind: ReservationKind, value: string): RefusedError {
  return new RefusedError(
    'UR_RESERVED',
    `The ${kind} "${printable(value)}" is reserved already. What to do: choose another one.`,
  )
}

function selectOne(
  database: Kysely<Tables>,
  kind: ReservationKind,
  value: string,
): Promise<Selectable<ReservationTable> | undefined> {
  return database
    .selectFrom('reservations')
    .selectAll()
    .where('kind', '=', kind)
    .where('value', '=', value)
    .executeTakeFirst()
}

/** False: there was none. */
async function remove(transaction: Transaction<Tables>, id: string): Promise<boolean> {
  const { numDeletedRows } = await transaction.deleteFrom('reservations').where('id', '=', id).executeTakeFirstOrThrow()
  if (numDeletedRows === 0n) return false
  await noteChange(transaction, id)
  return true
}

/** Serializable transactions see each other's numbers: one number is given once, and in the order of the commits. */
async function noteChange(transaction: Transaction<Tables>, id: string): Promise<void> {
  const last = await transaction
    .selectFrom('reservation_changes')
    .select((e) => e.fn.max('revision').as('revision'))
    .executeTakeFirst()
  const revision = (last?.revision ?? 0) + 1
  await transaction
    .insertInto('reservation_changes')
    .values({ reservation_id: id, revision })
    .onConflict((conflict) => conflict.column('reservation_id').doUpdateSet({ revision }))
    .execute()
}

function toRecord(row: Selectable<ReservationTable>): ReservationRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    value: row.value,
    createdAt: new Date(row.created_at),
    proof: row.proof,
    verifiedAt: dateOrNull(row.verified_at),
    failingSince: dateOrNull(row.failing_since),
  }
}
