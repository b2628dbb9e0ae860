import pg from 'pg'
import type { Code } from '../core/error-codes.js'
import { ConfigError, StoreError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { ForeignKeyViolation, UniqueViolation } from './errors.js'

interface Explanation {
  readonly code: Code
  readonly happened: string
  readonly todo: string
}

const UNREACHABLE: Explanation = {
  code: 'UR_STORE_UNREACHABLE',
  happened: 'it cannot be reached',
  todo: 'check host and port of the address, that PostgreSQL runs, and that no firewall is between; it is tried again with each query',
}
const TLS: Explanation = {
  code: 'UR_STORE_TLS',
  happened: 'TLS with it failed',
  todo: 'check sslmode and sslrootcert in the address, and the certificate of the database server',
}
const DENIED: Explanation = {
  code: 'UR_STORE_DENIED',
  happened: 'this user lacks a right there',
  todo: 'make the user the owner of the database: `alter database NAME owner to USER`',
}
const LOGIN: Explanation = {
  code: 'UR_STORE_LOGIN',
  happened: 'it refused user or password',
  todo: 'check user and password of the address, and pg_hba.conf of the database server',
}
const READ_ONLY: Explanation = {
  code: 'UR_STORE_READ_ONLY',
  happened: 'it can only be read, as a standby can',
  todo: 'name the primary in the address, or promote this server',
}
const CONFLICT: Explanation = {
  code: 'UR_STORE_CONFLICT',
  happened: 'other transactions came first each time',
  todo: 'try again',
}

/** By SQLSTATE, or its class of two characters (PostgreSQL documentation, appendix A). */
const BY_SQLSTATE: Readonly<Record<string, Explanation>> = {
  '08': UNREACHABLE,
  '57P01': UNREACHABLE,
  '57P02': UNREACHABLE,
  '57P03': UNREACHABLE,
  '25P03': UNREACHABLE,
  '28': LOGIN,
  '25006': READ_ONLY,
  '40001': CONFLICT,
  '40P01': CONFLICT,
  '42501': DENIED,
  '3D000': {
    code: 'UR_STORE_MISSING',
    happened: 'there is no database of that name',
    todo: 'create it with `createdb --owner USER NAME`, or mend the address',
  },
  '53100': {
    code: 'UR_STORE_FULL',
    happened: 'the disk of the database server is full',
    todo: 'free some space there; what was saved before is still there',
  },
  '53300': {
    code: 'UR_STORE_CONNECTIONS',
    happened: 'it has too many connections',
    todo: 'raise max_connections, or the limit of the role or database; each server uses up to 10',
  },
  '55P03': {
    code: 'UR_STORE_LOCKED',
    happened: 'another session held a lock for too long',
    todo: 'try again; if it persists, end the session that holds it (pg_stat_activity, pg_locks)',
  },
  '57014': {
    code: 'UR_STORE_TIMEOUT',
    happened: 'a statement took longer than it may',
    todo: 'look for sessions that hold locks (pg_locks) and for what keeps the database server busy',
  },
  '58030': {
    code: 'UR_STORE_IO',
    happened: 'its operating system failed to read or write',
    todo: 'look for disk errors in the logs of the database server',
  },
  XX001: {
    code: 'UR_STORE_CORRUPT',
    happened: 'its files are damaged',
    todo: 'restore the database from a backup',
  },
  XX002: {
    code: 'UR_STORE_CORRUPT',
    happened: 'an index of it is damaged',
    todo: 'run `reindex database`, or restore the database from a backup',
  },
}

/** How node and the driver fail when there is no connection, or no longer one. */
const CONNECTION_CODES =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|ENOTFOUND|EAI_\w+|ENOENT|EACCES)$/
const CONNECTION_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded|Query read timeout|timeout expired)/
const TLS_FAILURES = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/
const TLS_MESSAGES = /SSL connection|SSL response/

interface DriverError extends Error {
  readonly code?: string
  readonly syscall?: string
}

/**
 * Whether the database refused one statement and the connection is as good as before. Otherwise the connection is
 * lost, in doubt, or leads to a server that does not write.
 */
export function isOfStatement(error: unknown): boolean {
  const code = explanationOf(error)?.code
  return error instanceof pg.DatabaseError && code !== 'UR_STORE_UNREACHABLE' && code !== 'UR_STORE_READ_ONLY'
}

/** As `explainPostgres`, of the beginning of a transaction: a standby has no serializable ones. */
export function explainBegin(error: unknown, name: string): Error {
  return (error as DriverError).code === '0A000'
    ? storeError(READ_ONLY, error as Error, name)
    : explainPostgres(error, name)
}

/** Turns a failure of the driver into what callers see: as `explain` does for the embedded database. */
export function explainPostgres(error: unknown, name: string): Error {
  if (!(error instanceof Error)) return explainPostgres(new Error(String(error)), name)
  const { code, syscall } = error as DriverError
  const message = printable(messageOf(error))
  if (code === '23505') return new UniqueViolation(message, { cause: error })
  if (code === '23503') return new ForeignKeyViolation(message, { cause: error })
  // A socket is read too, and may be reset.
  if (syscall === 'open' || (syscall === 'read' && code === 'EISDIR')) {
    const text = `A file that the PostgreSQL address names could not be read: ${message}. What to do: mend the path, or let the user of this process read it.`
    return new ConfigError('UR_STORE_URL', text)
  }
  const known = explanationOf(error)
  if (!known) {
    return new StoreError('UR_STORE_FAILED', `The database ${name} refused a statement: ${message}.`, { cause: error })
  }
  return storeError(known, error, name)
}

function storeError({ code, happened, todo }: Explanation, cause: Error, name: string): StoreError {
  const message = printable(messageOf(cause))
  return new StoreError(
    code,
    `The database ${name} could not be used: ${happened} (${message}). What to do: ${todo}.`,
    { cause },
  )
}

function explanationOf(error: unknown): Explanation | null {
  const { code = '', message } = error as DriverError
  const known = BY_SQLSTATE[code] ?? BY_SQLSTATE[code.slice(0, 2)]
  if (known) return known
  if (TLS_FAILURES.test(code) || TLS_MESSAGES.test(message)) return TLS
  if (CONNECTION_CODES.test(code) || CONNECTION_MESSAGES.test(message)) return UNREACHABLE
  // what the driver says when the server wants a password and there is none, or when the server's proof is wrong
  return message.startsWith('SASL') ? LOGIN : null
}

/** Of a host with several addresses node gives an error without words that holds one for each. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ')
  }
  return error.message
}
