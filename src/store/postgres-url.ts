import { ConfigError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import type { Secret } from '../core/secret.js'

/** What `sslmode` may be; it means what it means to psql, so that one address serves both. */
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/** A PostgreSQL address, ready for the driver. */
export interface PostgresUrl {
  /** With the password. */
  readonly url: string
  /** `postgres://user@host/database`, for messages. */
  readonly name: string
}

/**
 * Reads `postgres://user:password@host:port/database?parameters`.
 * Throws ConfigError UR_STORE_URL; its message holds nothing of the address, since any part may be a bit of the password.
 */
export function parsePostgresUrl(secret: Secret): PostgresUrl {
  const text = secret.reveal()
  if (!URL.canParse(text)) throw wrong('it is not an address')
  const url = new URL(text)
  const parameters = url.searchParams
  const user = decoded(url.username)
  const path = decoded(url.pathname)
  const at = decoded(url.host)
  decoded(url.password)
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw wrong('it does not begin with postgres://')
  if (url.hash !== '') throw wrong('there is a # in it')
  const host = parameters.get('host') ?? at
  if (host === '') throw wrong('the host is missing')
  if (path.length < 2) throw wrong('the name of the database is missing behind the host')
  const sslMode = parameters.get('sslmode')
  if (sslMode !== null && !SSL_MODES.includes(sslMode)) throw wrong(`sslmode is not one of ${SSL_MODES.join(', ')}`)
  if (sslMode === 'verify-ca' && !parameters.has('sslrootcert')) throw wrong('sslmode=verify-ca needs sslrootcert=FILE')
  if (!parameters.has('application_name')) parameters.set('application_name', 'uniroutd')
  if (sslMode !== null) parameters.set('uselibpqcompat', 'true')
  return { url: url.href, name: printable(`postgres://${user === '' ? '' : `${user}@`}${host}${path}`) }
}

function wrong(why: string): ConfigError {
  return new ConfigError(
    'UR_STORE_URL',
    `The PostgreSQL address of the key store was not understood: ${why}. What to do: write ` +
      'postgres://user:password@host:5432/database, with %XX for characters of the password such as / # ? @ %.',
  )
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrong('a % in it is not followed by two hexadecimal digits')
  }
}
