import { createHash, randomBytes } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { ConfigError, RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { atomically } from './conflicts.js'
import { UniqueViolation } from './errors.js'
import type { Tables } from './schema.js'

/** A token as it may be shown: without the token. Times are UTC. */
export interface TokenRecord {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
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

export interface Revocations {
  /** Give it to the next `revokedSince`. */
  readonly cursor: number
  readonly ids: readonly string[]
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/
const COLUMNS = ['id', 'name', 'created_at', 'last_used_at', 'revoked_at'] as const
/** 62^43 is the first power of 62 above 2^256. */
const TOKEN_DIGITS = 43
const ID_BYTES = 12
const ID_DIGITS = 17
const ID_PREFIX = 'tok_'

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
   * (the name of a revoked token is free again).
   */
  async create(name: string): Promise<CreatedToken> {
    checkName(name)
    const id = ID_PREFIX + base62(randomBytes(ID_BYTES), ID_DIGITS)
    const token = `unr_${base62(randomBytes(32), TOKEN_DIGITS)}`
    const row = { id, name, hash: tokenHash(token), created_at: now() }
    try {
      await this.#database.insertInto('tokens').values(row).execute()
    } catch (error) {
      if (!(error instanceof UniqueViolation)) throw error
      throw new RefusedError(
        'UR_TOKEN_NAME_TAKEN',
        `A token named "${name}" exists already. What to do: choose another name, or run \`uniroutd token revoke ${name}\` first.`,
      )
    }
    return { id, name, token }
  }

  /** Every token, revoked ones too, oldest first. */
  async list(): Promise<TokenRecord[]> {
    const rows = await this.#database.selectFrom('tokens').select(COLUMNS).orderBy('created_at').orderBy('id').execute()
    return rows.map(toRecord)
  }

  /**
   * Revokes a token by id or name; a token that is revoked already stays as it was, and is returned.
   * Throws RefusedError UR_TOKEN_NOT_FOUND.
   */
  async revoke(idOrName: string): Promise<TokenRecord> {
    return atomically(this.#database, async (transaction) => {
      const found = await find(transaction, idOrName)
      if (!found) {
        throw new RefusedError(
          'UR_TOKEN_NOT_FOUND',
          `No token has the id or name "${printable(idOrName)}". What to do: \`uniroutd token list\` shows them.`,
        )
      }
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

  /** The token with this hash (see `tokenHash`), revoked or not. */
  async findByHash(hash: string): Promise<TokenRecord | null> {
    const row = await this.#database.selectFrom('tokens').select(COLUMNS).where('hash', '=', hash).executeTakeFirst()
    return row ? toRecord(row) : null
  }

  /** Which tokens were revoked after an earlier answer; from cursor 0, all. One look into an index. */
  async revokedSince(cursor: number): Promise<Revocations> {
    const rows = await this.#database
      .selectFrom('tokens')
      .select(['id', 'revocation'])
      .where('revocation', '>', cursor)
      .orderBy('revocation')
      .execute()
    return { cursor: rows.at(-1)?.revocation ?? cursor, ids: rows.map((row) => row.id) }
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

interface TokenRow {
  readonly id: string
  readonly name: string
  readonly created_at: string
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

/** The live token of a name wins over revoked ones; of those, the newest. */
function find(transaction: Transaction<Tables>, idOrName: string): Promise<TokenRow | undefined> {
  const column = idOrName.startsWith(ID_PREFIX) ? 'id' : 'name'
  return transaction
    .selectFrom('tokens')
    .select(COLUMNS)
    .where(column, '=', idOrName)
    .orderBy((e) => e.case().when('revoked_at', 'is', null).then(0).else(1).end())
    .orderBy('revocation', 'desc')
    .limit(1)
    .executeTakeFirst()
}

function toRecord(row: TokenRow): TokenRecord {
  return {
    id: row.id,
    name: row.name,
    createdAt: new Date(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
    revokedAt: row.revoked_at === null ? null : new Date(row.revoked_at),
  }
}

function checkName(name: string): void {
  if (NAME.test(name) && !name.startsWith(ID_PREFIX) && !name.startsWith('unr_')) return
  throw new ConfigError(
    'UR_TOKEN_NAME_INVALID',
    `"${printable(name.slice(0, 80))}" cannot name a token. What to do: use 1 to 64 letters, digits and . _ @ -, ` +
      `beginning with a letter or digit, and not with ${ID_PREFIX} or unr_.`,
  )
}

/** Big-endian number to base 62, padded to `digits`. */
function base62(bytes: Buffer, digits: number): string {
  let value = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (let i = 0; i < digits; i++) {
    text = ALPHABET.charAt(Number(value % 62n)) + text
    value /= 62n
  }
  return text
}

function now(): string {
  return new Date().toISOString()
}
