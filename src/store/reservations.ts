import type { Kysely, Selectable } from 'kysely'
import { RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { noAccount } from './accounts.js'
import { ForeignKeyViolation, UniqueViolation } from './errors.js'
import { newId } from './ids.js'
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

/** Reserved names and ports. Every method throws StoreError when the database fails. */
export class ReservationRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /**
   * Reserves. Throws RefusedError UR_RESERVED when somebody has it, the same account included, without telling who;
   * UR_ACCOUNT_NOT_FOUND.
   */
  async reserve({ accountId, kind, value, proof }: NewReservation): Promise<ReservationRecord> {
    const row = { id: newId('res_'), account_id: accountId, kind, value, created_at: now(), proof: proof ?? null }
    try {
      await this.#database.insertInto('reservations').values(row).execute()
    } catch (error) {
      if (error instanceof ForeignKeyViolation) throw noAccount(accountId)
      if (!(error instanceof UniqueViolation)) throw error
      throw new RefusedError(
        'UR_RESERVED',
        `The ${kind} "${printable(value)}" is reserved already. What to do: choose another one.`,
      )
    }
    return toRecord({ ...row, verified_at: null, failing_since: null })
  }

  /** Who has it; null: nobody. */
  async lookup(kind: ReservationKind, value: string): Promise<ReservationRecord | null> {
    const row = await this.#database
      .selectFrom('reservations')
      .selectAll()
      .where('kind', '=', kind)
      .where('value', '=', value)
      .executeTakeFirst()
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

  /** Gives a reservation up by its id. Throws RefusedError UR_RESERVATION_NOT_FOUND. */
  async release(id: string): Promise<void> {
    const { numDeletedRows } = await this.#database
      .deleteFrom('reservations')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    if (numDeletedRows > 0n) return
    throw new RefusedError(
      'UR_RESERVATION_NOT_FOUND',
      `No reservation has the id "${printable(id.slice(0, 80))}". What to do: check how it is written.`,
    )
  }
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
