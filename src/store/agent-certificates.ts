import type { Kysely, Transaction } from 'kysely'
import { RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { atomically } from './conflicts.js'
import { newId } from './ids.js'
import { olderFirst, type PageQuery } from './pages.js'
import { type Revocations, revokedSince } from './revocations.js'
import type { Tables } from './schema.js'
import { dateOrNull, now } from './times.js'

/** A certificate of an agent as it may be shown. Times are UTC. */
export interface AgentCertificateRecord {
  readonly id: string
  /** The token whose rights, quotas and addresses its agents have. */
  readonly tokenId: string
  readonly tokenName: string
  readonly accountId: string
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint: string
  /** Upper-case hex. */
  readonly serial: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | null
}

/** What a new one is given. */
export type NewAgentCertificate = Pick<AgentCertificateRecord, 'tokenId' | 'fingerprint' | 'serial' | 'expiresAt'>

/** Who signs them. */
export interface AgentAuthorityRecord {
  /** PEM. */
  readonly certificate: string
  /** The private key, encrypted by whoever put it there. */
  readonly key: string
}

/** There is one authority; the table could have more. */
const AUTHORITY = 'agents'
const ID_PREFIX = 'crt_'

/** Certificates with which agents log in. Every method throws StoreError when the database fails. */
export class AgentCertificateRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /** Null: there is none yet. */
  async authority(): Promise<AgentAuthorityRecord | null> {
    const row = await this.#database
      .selectFrom('agent_authorities')
      .select(['certificate', 'key'])
      .where('name', '=', AUTHORITY)
      .executeTakeFirst()
    return row ?? null
  }

  /** Puts the authority there; of several servers that do at once one wins, whose authority all of them get. */
  async putAuthority({ certificate, key }: AgentAuthorityRecord): Promise<AgentAuthorityRecord> {
    await this.#database
      .insertInto('agent_authorities')
      .values({ name: AUTHORITY, certificate, key, created_at: now() })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute()
    return (await this.authority()) ?? { certificate, key }
  }

  /** Encrypts the authority's key anew: `change` is given it with the authority's name. */
  async changeKeys(change: (name: string, key: string) => string): Promise<number> {
    return atomically(this.#database, async (transaction) => {
      const rows = await transaction.selectFrom('agent_authorities').select(['name', 'key']).execute()
      for (const { name, key } of rows) {
        await transaction
          .updateTable('agent_authorities')
          .set({ key: change(name, key) })
          .where('name', '=', name)
          .execute()
      }
      return rows.length
    })
  }

  async add({ tokenId, fingerprint, serial, expiresAt }: NewAgentCertificate): Promise<AgentCertificateRecord> {
    const id = newId(ID_PREFIX)
    const expires_at = expiresAt.toISOString()
    await this.#database
      .insertInto('agent_certificates')
      .values({ id, token_id: tokenId, fingerprint, serial, created_at: now(), expires_at })
      .execute()
    return this.get(id)
  }

  /** Revoked ones too, oldest first. */
  async page({ limit, after }: PageQuery): Promise<AgentCertificateRecord[]> {
    const rows = await this.#all().where(olderFirst(after, 'agent_certificates')).limit(limit).execute()
    return rows.map(toRecord)
  }

  /** Throws RefusedError UR_AGENT_CERT_NOT_FOUND. */
  async get(id: string): Promise<AgentCertificateRecord> {
    const row = await this.#all().where('agent_certificates.id', '=', id).executeTakeFirst()
    if (row) return toRecord(row)
    throw new RefusedError(
      'UR_AGENT_CERT_NOT_FOUND',
      `No certificate of agents has the id "${printable(id.slice(0, 80))}". What to do: \`uniroutd agent-cert list\` shows them.`,
    )
  }

  /** The one with this fingerprint, revoked or not. */
  async find(fingerprint: string): Promise<AgentCertificateRecord | null> {
    const row = await this.#all().where('fingerprint', '=', fingerprint).executeTakeFirst()
    return row ? toRecord(row) : null
  }

  /** Those of a token, revoked ones too. */
  async ofToken(tokenId: string): Promise<AgentCertificateRecord[]> {
    return (await this.#all().where('token_id', '=', tokenId).execute()).map(toRecord)
  }

  /** Revokes one; one that is revoked already stays as it was, and is returned. Throws as `get`. */
  async revoke(id: string): Promise<AgentCertificateRecord> {
    await atomically(this.#database, (transaction) => revoke(transaction, id))
    return this.get(id)
  }

  /** Which were revoked after an earlier answer; from cursor 0, all. One look into an index. */
  revokedSince(cursor: number): Promise<Revocations> {
    return revokedSince(this.#database, 'agent_certificates', cursor)
  }

  #all() {
    return this.#database
      .selectFrom('agent_certificates')
      .innerJoin('tokens', 'tokens.id', 'agent_certificates.token_id')
      .selectAll('agent_certificates')
      .select(['tokens.name', 'tokens.account_id'])
      .orderBy('agent_certificates.created_at')
      .orderBy('agent_certificates.id')
  }
}

async function revoke(transaction: Transaction<Tables>, id: string): Promise<void> {
  const last = await transaction
    .selectFrom('agent_certificates')
    .select((e) => e.fn.max('revocation').as('revocation'))
    .executeTakeFirst()
  await transaction
    .updateTable('agent_certificates')
    .set({ revoked_at: now(), revocation: (last?.revocation ?? 0) + 1 })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
}

interface Row {
  readonly id: string
  readonly token_id: string
  readonly name: string
  readonly account_id: string
  readonly fingerprint: string
  readonly serial: string
  readonly created_at: string
  readonly expires_at: string
  readonly revoked_at: string | null
}

function toRecord(row: Row): AgentCertificateRecord {
  return {
    id: row.id,
    tokenId: row.token_id,
    tokenName: row.name,
    accountId: row.account_id,
    fingerprint: row.fingerprint,
    serial: row.serial,
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
    revokedAt: dateOrNull(row.revoked_at),
  }
}
