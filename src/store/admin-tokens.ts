import { randomBytes } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import { RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { atomically } from './conflicts.js'
import { base62, newId } from './ids.js'
import { checkName } from './names.js'
import { olderFirst, type PageQuery } from './pages.js'
import type { AdminTokenTable, Tables } from './schema.js'
import { dateOrNull, now } from './times.js'
import { TOKEN_DIGITS, tokenHash } from './tokens.js'

/** What the bearer of a token of the admin API may do: look, or change things too. */
export type AdminScope = 'read' | 'write'

/** A token of the admin API as it may be shown. Times are UTC. */
export interface AdminTokenRecord {
  readonly id: string
  readonly name: string
  readonly scope: AdminScope
  readonly createdAt: Date
  /** From then on it is good for nothing; null: never. */
  readonly expiresAt: Date | null
  /** Up to a minute behind. */
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

/** What a new one is given. */
export interface AdminTokenGrant {
  readonly scope: AdminScope
  /** Default: never. */
  readonly expiresAt?: Date
}

/** The only time one is seen whole. */
export interface CreatedAdminToken {
  readonly record: AdminTokenRecord
  readonly token: string
}

const ID_PREFIX = 'adm_'

/** What every token of the admin API looks like: `unra_` and 256 random bits in base 62. */
export const ADMIN_TOKEN_PATTERN = new RegExp(`^unra_[0-9A-Za-z]{${TOKEN_DIGITS}}$`)

/** Tokens of the admin API. Every method throws StoreError when the database fails. */
export class AdminTokenRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /**
   * Makes one. Throws ConfigError UR_TOKEN_NAME_INVALID; RefusedError UR_TOKEN_NAME_TAKEN (the name of a revoked one is
   * free again).
   */
  async create(name: string, { scope, expiresAt }: AdminTokenGrant): Promise<CreatedAdminToken> {
    checkName(name, 'a token', ID_PREFIX, 'UR_TOKEN_NAME_INVALID')
    const token = `unra_${base62(randomBytes(32), TOKEN_DIGITS)}`
    const row = {
      id: newId(ID_PREFIX),
      name,
      hash: tokenHash(token),
      scope,
      created_at: now(),
      expires_at: expiresAt?.toISOString() ?? null,
      last_used_at: null,
      revoked_at: null,
    }
    await atomically(this.#database, async (transaction) => {
      const live = transaction.selectFrom('admin_tokens').select('id').where('name', '=', name)
      if (await live.where('revoked_at', 'is', null).executeTakeFirst()) {
        throw new RefusedError(
          'UR_TOKEN_NAME_TAKEN',
          `A token of the admin API named "${name}" exists already. What to do: choose another name, or run ` +
            `\`uniroutd admin-token revoke ${name}\` first.`,
        )
      }
      await transaction.insertInto('admin_tokens').values(row).execute()
    })
    return { record: toRecord(row), token }
  }

  /** Revoked ones too, oldest first. */
  async page({ limit, after }: PageQuery): Promise<AdminTokenRecord[]> {
    const rows = await this.#database
      .selectFrom('admin_tokens')
      .selectAll()
      .where(olderFirst(after))
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }

  /** The one with this id or name. Throws RefusedError UR_TOKEN_NOT_FOUND. */
  async get(idOrName: string): Promise<AdminTokenRecord> {
    return find(this.#database, idOrName)
  }

  /** Revokes by id or name; one that is revoked already stays as it was. Throws as `get`. */
  async revoke(idOrName: string): Promise<AdminTokenRecord> {
    return atomically(this.#database, async (transaction) => {
      const found = await find(transaction, idOrName)
      if (found.revokedAt !== null) return found
      const revoked_at = now()
      await transaction.updateTable('admin_tokens').set({ revoked_at }).where('id', '=', found.id).execute()
      return { ...found, revokedAt: new Date(revoked_at) }
    })
  }

  /** The one with this hash (see `tokenHash`), revoked or not. */
  async findByHash(hash: string): Promise<AdminTokenRecord | null> {
    const row = await this.#database.selectFrom('admin_tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
    return row ? toRecord(row) : null
  }

  /** Notes when one, by its id, was last used. */
  async touch(id: string, usedAt: Date): Promise<void> {
    const last_used_at = usedAt.toISOString()
    await this.#database.updateTable('admin_tokens').set({ last_used_at }).where('id', '=', id).execute()
  }
}

/** The live one of a name wins over revoked ones; of those, the newest. */
async function find(database: Kysely<Tables>, idOrName: string): Promise<AdminTokenRecord> {
  const column = idOrName.startsWith(ID_PREFIX) ? 'id' : 'name'
  const row = await database
    .selectFrom('admin_tokens')
    .selectAll()
    .where(column, '=', idOrName)
    .orderBy((e) => e.case().when('revoked_at', 'is', null).then(0).else(1).end())
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row) return toRecord(row)
  throw new RefusedError(
    'UR_TOKEN_NOT_FOUND',
    `No token of the admin API has the id or name "${printable(idOrName.slice(0, 80))}". What to do: ` +
      '`uniroutd admin-token list` shows them.',
  )
}

function toRecord(row: Selectable<AdminTokenTable>): AdminTokenRecord {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope,
    createdAt: new Date(row.created_at),
    expiresAt: dateOrNull(row.expires_at),
    lastUsedAt: dateOrNull(row.last_used_at),
    revokedAt: dateOrNull(row.revoked_at),
  }
}
