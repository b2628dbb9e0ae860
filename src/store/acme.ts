import type { Kysely } from 'kysely'
import { atomically } from './conflicts.js'
import type { Tables } from './schema.js'
import { now } from './times.js'

/** An account with a certificate authority. */
export interface AcmeAccount {
  /** URL of the account. */
  readonly url: string
  /** Its private key, encrypted by whoever put it there. */
  readonly key: string
}

/** What an authority may ask any of the servers for. */
export interface SharedChallenge {
  readonly type: 'tls-alpn-01' | 'http-01'
  readonly name: string
  readonly token: string
  readonly keyAuthorization: string
}

/** What is left of an order by a process that was killed is forgotten after that time, ms. */
const FORGOTTEN_MS = 86_400_000

/** What orders of certificates need, of all servers. Every method throws StoreError when the database fails. */
export class AcmeRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /** The account with the authority of a directory (URL); null: there is none. */
  async account(directory: string): Promise<AcmeAccount | null> {
    const row = await this.#database
      .selectFrom('acme_accounts')
      .select(['url', 'key'])
      .where('directory', '=', directory)
      .executeTakeFirst()
    return row ?? null
  }

  /** Puts an account in the place of an older one. */
  async putAccount(directory: string, { url, key }: AcmeAccount): Promise<void> {
    const columns = { url, key, created_at: now() }
    await this.#database
      .insertInto('acme_accounts')
      .values({ directory, ...columns })
      .onConflict((conflict) => conflict.column('directory').doUpdateSet(columns))
      .execute()
  }

  /** Encrypts every account's key anew, all or none: `change` is given each with its directory. */
  async changeKeys(change: (directory: string, key: string) => string): Promise<number> {
    return atomically(this.#database, async (transaction) => {
      const rows = await transaction.selectFrom('acme_accounts').select(['directory', 'key']).execute()
      for (const { directory, key } of rows) {
        await transaction
          .updateTable('acme_accounts')
          .set({ key: change(directory, key) })
          .where('directory', '=', directory)
          .execute()
      }
      return rows.length
    })
  }

  /** Shows a proof to whoever asks one of the servers. */
  async show({ type, name, token, keyAuthorization }: SharedChallenge): Promise<void> {
    const shownAt = now()
    const old = new Date(Date.parse(shownAt) - FORGOTTEN_MS).toISOString()
    await this.#database.deleteFrom('acme_challenges').where('shown_at', '<', old).execute()
    await this.#database
      .insertInto('acme_challenges')
      .values({ type, name, token, key_authorization: keyAuthorization, shown_at: shownAt })
      .onConflict((conflict) => conflict.columns(['type', 'name', 'token']).doNothing())
      .execute()
  }

  /** Shows it no more; one that is not shown is no error. */
  async hide({ type, name, token }: SharedChallenge): Promise<void> {
    await this.#database
      .deleteFrom('acme_challenges')
      .where('type', '=', type)
      .where('name', '=', name)
      .where('token', '=', token)
      .execute()
  }

  /** The newest proof of a name, or that with this token; null: there is none. */
  async shown(type: SharedChallenge['type'], name: string, token: string | null): Promise<SharedChallenge | null> {
    const row = await this.#database
      .selectFrom('acme_challenges')
      .selectAll()
      .where('type', '=', type)
      .where('name', '=', name)
      .$if(token !== null, (query) => query.where('token', '=', token ?? ''))
      .orderBy('shown_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row ? { type, name, token: row.token, keyAuthorization: row.key_authorization } : null
  }
}
