import type { Kysely, Selectable } from 'kysely'
import { RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { atomically } from './conflicts.js'
import { UniqueViolation } from './errors.js'
import { newId } from './ids.js'
import { checkName } from './names.js'
import { olderFirst, type PageQuery } from './pages.js'
import { nextRightsChange } from './rights-changes.js'
import type { AccountTable, Tables } from './schema.js'
import { dateOrNull, now } from './times.js'

/** The id of the account that is always there: that of tokens made without naming one. */
export const DEFAULT_ACCOUNT = 'acc_default'

/** Who tokens, names and usage belong to. Times are UTC. */
export interface AccountRecord {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  readonly disabledAt: Date | null
}

/** Accounts. Every method throws StoreError when the database fails. */
export class AccountRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /** Makes an account. Throws ConfigError UR_ACCOUNT_NAME_INVALID, RefusedError UR_ACCOUNT_NAME_TAKEN. */
  async create(name: string): Promise<AccountRecord> {
    checkName(name, 'an account', 'acc_', 'UR_ACCOUNT_NAME_INVALID')
    const row = { id: newId('acc_'), name, created_at: now() }
    try {
      await this.#database.insertInto('accounts').values(row).execute()
    } catch (error) {
      if (!(error instanceof UniqueViolation)) throw error
      throw new RefusedError(
        'UR_ACCOUNT_NAME_TAKEN',
        `An account named "${name}" exists already. What to do: choose another name.`,
      )
    }
    return toRecord({ ...row, disabled_at: null })
  }

  /** Every account, disabled ones too, oldest first. */
  async list(): Promise<AccountRecord[]> {
    const rows = await this.#database.selectFrom('accounts').selectAll().orderBy('created_at').orderBy('id').execute()
    return rows.map(toRecord)
  }

  /** As `list`, in parts. */
  async page({ limit, after }: PageQuery): Promise<AccountRecord[]> {
    const rows = await this.#database
      .selectFrom('accounts')
      .selectAll()
      .where(olderFirst(after))
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }

  /** The account with this id or name. Throws RefusedError UR_ACCOUNT_NOT_FOUND. */
  get(idOrName: string): Promise<AccountRecord> {
    return find(this.#database, idOrName)
  }

  /** Disables an account, and with it its tokens; one that is disabled already stays as it was. Throws as `get`. */
  disable(idOrName: string): Promise<AccountRecord> {
    return this.#setDisabled(idOrName, now())
  }

  /** Makes an account that was disabled good again, and with it its tokens. Throws as `get`. */
  enable(idOrName: string): Promise<AccountRecord> {
    return this.#setDisabled(idOrName, null)
  }

  #setDisabled(idOrName: string, disabled_at: string | null): Promise<AccountRecord> {
    return atomically(this.#database, async (transaction) => {
      const found = await find(transaction, idOrName)
      if ((found.disabledAt === null) === (disabled_at === null)) return found
      await transaction.updateTable('accounts').set({ disabled_at }).where('id', '=', found.id).execute()
      const rights_change = await nextRightsChange(transaction)
      await transaction.updateTable('tokens').set({ rights_change }).where('account_id', '=', found.id).execute()
      return { ...found, disabledAt: dateOrNull(disabled_at) }
    })
  }
}

/** The error for an account, by id or name, that is not there. */
export function noAccount(idOrName: string): RefusedError {
  return new RefusedError(
    'UR_ACCOUNT_NOT_FOUND',
    `No account has the id or name "${printable(idOrName.slice(0, 80))}". What to do: check how it is written.`,
  )
}

async function find(database: Kysely<Tables>, idOrName: string): Promise<AccountRecord> {
  const column = idOrName.startsWith('acc_') ? 'id' : 'name'
  const row = await database.selectFrom('accounts').selectAll().where(column, '=', idOrName).executeTakeFirst()
  if (!row) throw noAccount(idOrName)
  return toRecord(row)
}

function toRecord(row: Selectable<AccountTable>): AccountRecord {
  return {
    id: row.id,
    name: row.name,
    createdAt: new Date(row.created_at),
    disabledAt: dateOrNull(row.disabled_at),
  }
}
