import { type Kysely, sql } from 'kysely'
import type { Tables } from '../schema.js'

/** The account of tokens that were made before there were accounts; part of every database from here on. */
const DEFAULT_ACCOUNT = { id: 'acc_default', name: 'default' }

/** Accounts, and what they have: rights and expiry of tokens, reservations, tunnels, usage, audit log, certificates. */
export async function createAccounts(database: Kysely<Tables>): Promise<void> {
  await accounts(database)
  await tokensOfAccounts(database)
  await reservations(database)
  await tunnels(database)
  await usage(database)
  await audit(database)
  await certificates(database)
}

async function accounts(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('accounts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('disabled_at', 'text')
    .execute()
  const row = { ...DEFAULT_ACCOUNT, created_at: new Date().toISOString() }
  await database.insertInto('accounts').values(row).execute()
}

/** Made anew and filled from the old table: SQLite adds no column to a table that must not be null and refers to another. */
async function tokensOfAccounts(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('tokens_of_accounts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('rights', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('last_used_at', 'text')
    .addColumn('revoked_at', 'text')
    .addColumn('revocation', 'integer', (c) => c.unique())
    .execute()
  await sql`
    insert into tokens_of_accounts (id, account_id, name, hash, created_at, last_used_at, revoked_at, revocation)
    select id, ${sql.lit(DEFAULT_ACCOUNT.id)}, name, hash, created_at, last_used_at, revoked_at, revocation
    from tokens`.execute(database)
  await database.schema.dropTable('tokens').execute()
  await database.schema.alterTable('tokens_of_accounts').renameTo('tokens').execute()
  await database.schema
    .createIndex('tokens_live_name')
    .on('tokens')
    .column('name')
    .unique()
    .where(sql.ref('revoked_at'), 'is', null)
    .execute()
}

async function reservations(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('reservations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('proof', 'text')
    .addColumn('verified_at', 'text')
    .addColumn('failing_since', 'text')
    .addUniqueConstraint('reservations_value', ['kind', 'value'])
    .execute()
  await database.schema.createIndex('reservations_account').on('reservations').column('account_id').execute()
}

async function tunnels(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('tunnels')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
    .addColumn('token_id', 'text', (c) => c.notNull().references('tokens.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('node', 'text', (c) => c.notNull())
    .addColumn('bound_at', 'text', (c) => c.notNull())
    .addColumn('unbound_at', 'text')
    .addColumn('why', 'text')
    .execute()
  await database.schema.createIndex('tunnels_account').on('tunnels').column('account_id').execute()
  await database.schema
    .createIndex('tunnels_open')
    .on('tunnels')
    .column('node')
    .where(sql.ref('unbound_at'), 'is', null)
    .execute()
}

async function usage(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('usage')
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('connections', 'bigint', (c) => c.notNull())
    .addColumn('requests', 'bigint', (c) => c.notNull())
    .addColumn('bytes_in', 'bigint', (c) => c.notNull())
    .addColumn('bytes_out', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('usage_day', ['account_id', 'day'])
    .execute()
}

async function audit(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('audit')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'text', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('object', 'text', (c) => c.notNull())
    .addColumn('details', 'text')
    .addColumn('address', 'text')
    .execute()
  await database.schema.createIndex('audit_at').on('audit').column('at').execute()
}

async function certificates(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('certificates')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('chain', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text', (c) => c.notNull())
    .execute()
}
