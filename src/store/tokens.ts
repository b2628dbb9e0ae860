import { createHash, randomBytes } from 'node:crypto'
import type { Kysely, Selectable, Transaction } from 'kysely'
import { RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { DEFAULT_ACCOUNT, noAccount } from './accounts.js'
import { atomically } from './conflicts.js'
import { ForeignKeyViolation, UniqueViolation } from './errors.js'
import { base62, newId } from './ids.js'
import { checkName } from './names.js'
import { olderFirst, type PageQuery } from './pages.js'
import { type Revocations, revokedSince } from './revocations.js'
import { nextRightsChange } from './rights-changes.js'
import type { Tables, TokenTable } from './schema.js'
import { dateOrNull, now } from './times.js'

/**
 * What a token may do, as JSON; this room does not look into it. What is stored and is no JSON object has the one key
 * `unreadable`.
 */
export type Rights = Readonly<Record<string, unknown>>

/** A token as it may be shown: without the token. Times are UTC. */
export interface TokenRecord {
  readonly id: string
  readonly accountId: string
  readonly name: string
  /** False: its agents have certificates alone. */
  readonly hasSecret: boolean
  /** Null: all rights. */
  readonly rights: Rights | null
  readonly createdAt: Date
  /** From then on it is good for nothing; null: never. */
  readonly expiresAt: Date | null
  /** Up to a minute behind. */
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

/** The only time a token is seen whole. */
export interface CreatedToken {
  readonly id: string
  readonly name: string
  readonly token: string
}

/** What a new token is given. */
export interface TokenGrant {
  /** Id of the account. Default: `DEFAULT_ACCOUNT`. */
  readonly accountId?: string
  /** Default: all rights. */
  readonly rights?: Rights
  /** Default: never. */
  readonly expiresAt?: Date
}

/** A token at its login: with what decides besides whether it is good. */
export interface LoginRecord extends TokenRecord {
  /** Null: its account is not disabled. */
  readonly accountDisabledAt: Date | null
  /** The number of the last change of its rights or its account; 0: there was none. */
  readonly rightsChange: number
}

/** What a token may do from a change on. */
export type RightsChange = Pick<LoginRecord, 'id' | 'rights' | 'accountDisabledAt' | 'rightsChange'>

export interface RightsChanges {
  /** Give it to the next `rightsChangedSince`. */
  readonly cursor: number
  /** As they are now. */
  readonly tokens: readonly RightsChange[]
}

const COLUMNS = [
  'id',
  'hash',
  'account_id',
  'name',
  'rights',
  'created_at',
  'expires_at',
  'last_used_at',
  'revoked_at',
] as const
/** 62^43 is the first power of 62 above 2^256. */
export const TOKEN_DIGITS = 43
const ID_PREFIX = 'tok_'
/** In front of an id, in the place of a hash: no token has it. */
const NO_SECRET = '-'

/** What every token looks like: `unr_` and 256 random bits in base 62. */
export const TOKEN_PATTERN = new RegExp(`^unr_[0-9A-Za-z]{${TOKEN_DIGITS}}$`)

/** What is stored of a token, and what it is looked up by: SHA-256, lower-case hex. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Tokens of agents. Every method throws StoreError when the database fails. */
export class TokenRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /**
   * Makes a token. Throws ConfigError UR_TOKEN_NAME_INVALID, RefusedError UR_TOKEN_NAME_TAKEN
   * (the name of a revoked token is free again), UR_ACCOUNT_NOT_FOUND.
   */
  async create(name: string, grant: TokenGrant = {}): Promise<CreatedToken> {
    const token = `unr_${base62(randomBytes(32), TOKEN_DIGITS)}`
    return { id: await this.#create(name, () => tokenHash(token), grant), name, token }
  }

  /** Makes one that nobody can log in with but by a certificate; gives its id. Throws as `create`. */
  createWithoutSecret(name: string, grant: Omit<TokenGrant, 'expiresAt'> = {}): Promise<string> {
    return this.#create(name, (id) => NO_SECRET + id, grant)
  }

  async #create(
    name: string,
    hashOf: (id: string) => string,
    { accountId, rights, expiresAt }: TokenGrant,
  ): Promise<string> {
    checkName(name, 'a token', ID_PREFIX, 'UR_TOKEN_NAME_INVALID')
    const id = newId(ID_PREFIX)
    const account = accountId ?? DEFAULT_ACCOUNT
    const row = {
      id,
      account_id: account,
      name,
      hash: hashOf(id),
      rights: textOf(rights ?? null),
      created_at: now(),
      expires_at: expiresAt?.toISOString() ?? null,
    }
    try {
      await this.#database.insertInto('tokens').values(row).execute()
    } catch (error) {
      if (error instanceof ForeignKeyViolation) throw noAccount(account)
      if (!(error instanceof UniqueViolation)) throw error
      throw new RefusedError(
        'UR_TOKEN_NAME_TAKEN',
        `A token named "${name}" exists already. What to do: choose another name, or run \`uniroutd token revoke ${name}\` first.`,
      )
    }
    return id
  }

  /** Every token, revoked ones too, oldest first. */
  async list(): Promise<TokenRecord[]> {
    const rows = await this.#database.selectFrom('tokens').select(COLUMNS).orderBy('created_at').orderBy('id').execute()
    return rows.map(toRecord)
  }

  /** As `list`, in parts. */
  async page({ limit, after }: PageQuery): Promise<TokenRecord[]> {
    const rows = await this.#database
      .selectFrom('tokens')
      .select(COLUMNS)
      .where(olderFirst(after))
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }

  /** The token with this id or name, revoked or not. Throws RefusedError UR_TOKEN_NOT_FOUND. */
  async get(idOrName: string): Promise<TokenRecord> {
    const found = await find(this.#database, idOrName)
    if (!found) throw noToken(idOrName)
    return toRecord(found)
  }

  /**
   * Revokes a token by id or name; a token that is revoked already stays as it was, and is returned.
   * Throws RefusedError UR_TOKEN_NOT_FOUND.
   */
  async revoke(idOrName: string): Promise<TokenRecord> {
    return atomically(this.#database, async (transaction) => {
      const found = await find(transaction, idOrName)
      if (!found) throw noToken(idOrName)
      if (found.revoked_at !== null) return toRecord(found)
      const last = await transaction
        .selectFrom('tokens')
        .select((e) => e.fn.max('revocation').as('revocation'))
        .executeTakeFirst()
      const revoked = { revoked_at: now(), revocation: (last?.revocation ?? 0) + 1 }
      await transaction.updateTable('tokens').set(revoked).where('id', '=', found.id).execute()
      return toRecord({ ...found, ...revoked })
    })
  }

  /**
   * Gives a token other rights, by its id or name: what `change` makes of those that it has. `change` may be called
   * several times; what it throws ends the update. Throws RefusedError UR_TOKEN_NOT_FOUND, or UR_TOKEN_REVOKED for one
   * that is good for nothing any more.
   */
  async update(idOrName: string, change: (rights: Rights | null) => Rights | null): Promise<TokenRecord> {
    return atomically(this.#database, async (transaction) => {
      const found = await find(transaction, idOrName)
      if (!found) throw noToken(idOrName)
      if (found.revoked_at !== null) {
        throw new RefusedError(
          'UR_TOKEN_REVOKED',
          `The token "${found.name}" is revoked, for ever. What to do: make another with \`uniroutd token create\`.`,
        )
      }
      const rights = textOf(change(toRecord(found).rights))
      const rights_change = await nextRightsChange(transaction)
      await transaction.updateTable('tokens').set({ rights, rights_change }).where('id', '=', found.id).execute()
      return toRecord({ ...found, rights })
    })
  }

  /** The token with this hash (see `tokenHash`), revoked or not. */
  findByHash(hash: string): Promise<LoginRecord | null> {
    return this.#findBy('hash', hash)
  }

  /** The token with this id, revoked or not. */
  findById(id: string): Promise<LoginRecord | null> {
    return this.#findBy('id', id)
  }

  async #findBy(column: 'id' | 'hash', value: string): Promise<LoginRecord | null> {
    const row = await this.#withAccounts()
      .select(COLUMNS.map((each) => `tokens.${each}` as const))
      .where(`tokens.${column}`, '=', value)
      .executeTakeFirst()
    return row ? { ...toRecord(row), ...toChange(row) } : null
  }

  /** The tokens whose rights or account changed after an earlier answer; from cursor 0, all. One look into an index. */
  async rightsChangedSince(cursor: number): Promise<RightsChanges> {
    const rows = await this.#withAccounts().where('rights_change', '>', cursor).orderBy('rights_change').execute()
    return { cursor: rows.at(-1)?.rights_change ?? cursor, tokens: rows.map(toChange) }
  }

  #withAccounts() {
    return this.#database
      .selectFrom('tokens')
      .innerJoin('accounts', 'accounts.id', 'tokens.account_id')
      .select(['tokens.id', 'rights', 'rights_change', 'disabled_at'])
  }

  /** Which tokens were revoked after an earlier answer; from cursor 0, all. One look into an index. */
  revokedSince(cursor: number): Promise<Revocations> {
    return revokedSince(this.#database, 'tokens', cursor)
  }

  /** Notes when tokens (by id) were last used, in one transaction. */
  async touch(usedAt: ReadonlyMap<string, Date>): Promise<void> {
    if (usedAt.size === 0) return
    const ids = [...usedAt.keys()].sort()
    const write = async (transaction: Transaction<Tables>): Promise<void> => {
      for (const id of ids) {
        const last_used_at = usedAt.get(id)?.toISOString() ?? now()
        await transaction.updateTable('tokens').set({ last_used_at }).where('id', '=', id).execute()
      }
    }
    await atomically(this.#database, write, 'read committed')
  }
}

type TokenRow = Pick<Selectable<TokenTable>, (typeof COLUMNS)[number]>

/** The live token of a name wins over revoked ones; of those, the newest. */
function find(database: Kysely<Tables>, idOrName: string): Promise<TokenRow | undefined> {
  const column = idOrName.startsWith(ID_PREFIX) ? 'id' : 'name'
  return database
    .selectFrom('tokens')
    .select(COLUMNS)
    .where(column, '=', idOrName)
    .orderBy((e) => e.case().when('revoked_at', 'is', null).then(0).else(1).end())
    .orderBy('revocation', 'desc')
    .limit(1)
    .executeTakeFirst()
}

function noToken(idOrName: string): RefusedError {
  return new RefusedError(
    'UR_TOKEN_NOT_FOUND',
    `No token has the id or name "${printable(idOrName.slice(0, 80))}". What to do: \`uniroutd token list\` shows them.`,
  )
}

function textOf(rights: Rights | null): string | null {
  return rights === null ? null : JSON.stringify(rights)
}

function rightsOf(text: string | null): Rights | null {
  if (text === null) return null
  let rights: unknown
  try {
    rights = JSON.parse(text)
  } catch {
    return { unreadable: text }
  }
  const isObject = typeof rights === 'object' && rights !== null && !Array.isArray(rights)
  return isObject ? (rights as Rights) : { unreadable: text }
}

type ChangeRow = Pick<Selectable<TokenTable>, 'id' | 'rights' | 'rights_change'> & { disabled_at: string | null }

function toChange({ id, rights, rights_change, disabled_at }: ChangeRow): RightsChange {
  return {
    id,
    rights: rightsOf(rights),
    accountDisabledAt: dateOrNull(disabled_at),
    rightsChange: rights_change ?? 0,
  }
}

function toRecord(row: TokenRow): TokenRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    hasSecret: !row.hash.startsWith(NO_SECRET),
    rights: rightsOf(row.rights),
    createdAt: new Date(row.created_at),
    expiresAt: dateOrNull(row.expires_at),
    lastUsedAt: dateOrNull(row.last_used_at),
    revokedAt: dateOrNull(row.revoked_at),
  }
}
