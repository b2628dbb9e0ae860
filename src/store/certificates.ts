import type { Kysely, Selectable, Transaction } from 'kysely'
import { atomically } from './conflicts.js'
import type { CertificateFailureTable, CertificateTable, Tables } from './schema.js'
import { dateOrNull } from './times.js'

/** A certificate that was issued. Times are UTC. */
export interface CertificateRecord {
  /** What it was ordered for: its first name. */
  readonly name: string
  /** PEM, the leaf first. */
  readonly chain: string
  /** The private key, encrypted by whoever put it there. */
  readonly key: string
  /** The directory (URL) of the authority that issued it. */
  readonly directory: string
  readonly issuedAt: Date
  readonly expiresAt: Date
  /** When the authority wants it to be renewed; null: it did not say. */
  readonly renewAt: Date | null
  /** When the authority is to be asked that again; null: it was never asked. */
  readonly askAt: Date | null
}

/** What changed after an earlier answer. */
export interface CertificateChanges {
  /** Give it to the next `changedSince`. */
  readonly cursor: number
  /** As they are now. */
  readonly records: readonly CertificateRecord[]
}

/** Orders for a certificate that failed since one last came. */
export interface CertificateFailure {
  /** What they were for. */
  readonly name: string
  /** How many, one after the other. */
  readonly failures: number
  readonly failedAt: Date
  /** Before that, no other is to be made. */
  readonly nextAt: Date
  /** Of the last one: its UR_… code, and its message. */
  readonly code: string
  readonly message: string
}

/** Certificates, and the orders for them that failed. Every method throws StoreError when the database fails. */
export class CertificateRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /** Puts a certificate in the place of an older one with its name; the failures before it are forgotten. */
  async put(record: CertificateRecord): Promise<void> {
    const columns = {
      chain: record.chain,
      key: record.key,
      directory: record.directory,
      issued_at: record.issuedAt.toISOString(),
      expires_at: record.expiresAt.toISOString(),
      renew_at: record.renewAt?.toISOString() ?? null,
      ask_at: record.askAt?.toISOString() ?? null,
    }
    await atomically(this.#database, async (transaction) => {
      const row = { ...columns, revision: await nextRevision(transaction) }
      await transaction
        .insertInto('certificates')
        .values({ name: record.name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute()
      await transaction.deleteFrom('certificate_failures').where('name', '=', record.name).execute()
    })
  }

  /** The certificates that changed after an earlier answer; from cursor 0, all. Otherwise one look into an index. */
  async changedSince(cursor: number): Promise<CertificateChanges> {
    const rows = await this.#database
      .selectFrom('certificates')
      .selectAll()
      .where('revision', '>', cursor)
      .orderBy('revision')
      .execute()
    return { cursor: rows.at(-1)?.revision ?? cursor, records: rows.map(toRecord) }
  }

  /** The certificate that was ordered for `name`; null: there is none. */
  async find(name: string): Promise<CertificateRecord | null> {
    const row = await this.#database.selectFrom('certificates').selectAll().where('name', '=', name).executeTakeFirst()
    return row ? toRecord(row) : null
  }

  /** Notes what the authority says of the renewal of a certificate that is still the one issued at that time. */
  async noteRenewal({
    name,
    issuedAt,
    renewAt,
    askAt,
  }: Pick<CertificateRecord, 'name' | 'issuedAt' | 'renewAt' | 'askAt'>): Promise<void> {
    await atomically(this.#database, async (transaction) => {
      const revision = await nextRevision(transaction)
      await transaction
        .updateTable('certificates')
        .set({ renew_at: renewAt?.toISOString() ?? null, ask_at: askAt?.toISOString() ?? null, revision })
        .where('name', '=', name)
        .where('issued_at', '=', issuedAt.toISOString())
        .execute()
    })
  }

  /** Encrypts every key anew, all or none: `change` is given each with its name. Gives how many there were. */
  async changeKeys(change: (name: string, key: string) => string): Promise<number> {
    return atomically(this.#database, async (transaction) => {
      const rows = await transaction.selectFrom('certificates').select(['name', 'key']).orderBy('name').execute()
      let revision = await nextRevision(transaction)
      for (const { name, key } of rows) {
        await transaction
          .updateTable('certificates')
          .set({ key: change(name, key), revision: revision++ })
          .where('name', '=', name)
          .execute()
      }
      return rows.length
    })
  }

  /** Notes an order that failed. */
  async noteFailure({ name, failures, failedAt, nextAt, code, message }: CertificateFailure): Promise<void> {
    const columns = { failures, failed_at: failedAt.toISOString(), next_at: nextAt.toISOString(), code, message }
    await this.#database
      .insertInto('certificate_failures')
      .values({ name, ...columns })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
      .execute()
  }

  /** What failed for `name` and did not succeed since; null: nothing. */
  async failure(name: string): Promise<CertificateFailure | null> {
    const rows = this.#database.selectFrom('certificate_failures').selectAll().where('name', '=', name)
    const row = await rows.executeTakeFirst()
    return row ? toFailure(row) : null
  }

  /** Everything that failed and did not succeed since, by name. */
  async failures(): Promise<CertificateFailure[]> {
    const rows = await this.#database.selectFrom('certificate_failures').selectAll().orderBy('name').execute()
    return rows.map(toFailure)
  }
}

/** Serializable transactions see each other's numbers: one number is given once, and in the order of the commits. */
async function nextRevision(transaction: Transaction<Tables>): Promise<number> {
  const last = await transaction
    .selectFrom('certificates')
    .select((e) => e.fn.max('revision').as('revision'))
    .executeTakeFirst()
  return (last?.revision ?? 0) + 1
}

function toRecord(row: Selectable<CertificateTable>): CertificateRecord {
  return {
    name: row.name,
    chain: row.chain,
    key: row.key,
    directory: row.directory,
    issuedAt: new Date(row.issued_at),
    expiresAt: new Date(row.expires_at),
    renewAt: dateOrNull(row.renew_at),
    askAt: dateOrNull(row.ask_at),
  }
}

function toFailure(row: Selectable<CertificateFailureTable>): CertificateFailure {
  const { name, failures, failed_at, next_at, code, message } = row
  return { name, failures, failedAt: new Date(failed_at), nextAt: new Date(next_at), code, message }
}
