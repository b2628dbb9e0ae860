import type { Kysely } from 'kysely'
import type { Tables } from '../schema.js'

/** Certificates with which agents log in, and the authority that signs them. */
export async function createAgentCertificates(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('agent_authorities')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('certificate', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .execute()
  await database.schema
    .createTable('agent_certificates')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('token_id', 'text', (c) => c.notNull().references('tokens.id'))
    .addColumn('fingerprint', 'text', (c) => c.notNull().unique())
    .addColumn('serial', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text', (c) => c.notNull())
    .addColumn('revoked_at', 'text')
    .addColumn('revocation', 'integer', (c) => c.unique())
    .execute()
  await database.schema.createIndex('agent_certificates_token').on('agent_certificates').column('token_id').execute()
}
