import { resolve } from 'node:path'
import { Kysely } from 'kysely'
import { EmbeddedDialect } from './embedded.js'
import { migrate } from './migrations.js'
import type { Tables } from './schema.js'
import { TokenRepository } from './tokens.js'

export { SCHEMA_VERSION } from './migrations.js'
export {
  TOKEN_PATTERN,
  tokenHash,
  type CreatedToken,
  type Revocations,
  type TokenRecord,
  type TokenRepository,
} from './tokens.js'

export interface StoreOptions {
  /** Path of the database file, made (0600) when missing, with its folder (0700). */
  readonly file: string
  /** How long a query waits for other processes' locks, in ms; the event loop goes on meanwhile. Default 5000. */
  readonly lockTimeoutMs?: number
}

/** What must outlive the process. Several processes may have the same file open. */
export interface Store {
  readonly tokens: TokenRepository
  /** Waits for the write under way; later calls fail with UR_STORE_CLOSED. */
  close(): Promise<void>
}

/**
 * Opens the database, creates or migrates it.
 * Throws StoreError; its codes UR_STORE_… tell a full disk, a lock, a damaged file and so on apart.
 */
export async function openStore({ file, lockTimeoutMs = 5000 }: StoreOptions): Promise<Store> {
  const path = resolve(file)
  const dialect = await EmbeddedDialect.open({ file: path, lockTimeoutMs })
  const database = new Kysely<Tables>({ dialect })
  try {
    await migrate(database, path)
  } catch (error) {
    await dialect.close()
    throw error
  }
  return { tokens: new TokenRepository(database), close: () => dialect.close() }
}
