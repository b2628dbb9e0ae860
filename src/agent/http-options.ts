import { hashCredentials, PASSWORD_COST } from '../access/visitor-rules/index.js'
import type { Credentials, HashedCredentials, HttpOptions } from '../config/index.js'
import { Secret } from '../core/secret.js'
import { RefusedError } from '../core/errors.js'
import {
  Control,
  decodeHttpOptions,
  encodeHttpOptions,
  type HttpOptionsInit,
  MAX_MESSAGE_BYTES,
} from '../protocol/index.js'

/** What else rides in the message: names, a path. */
const OTHER_BYTES = 4096

/** The options of an `http` tunnel as they ride in `Bind`. To be made once for all sessions, as hashing takes time. */
export async function httpOptionsToBind(options: HttpOptions<Credentials>): Promise<HttpOptionsInit> {
  return encodeHttpOptions(await withHashes(options))
}

/** With hashes for passwords, which do not leave the agent. */
export async function withHashes(options: HttpOptions<Credentials>): Promise<HttpOptions> {
  const basicAuth: HashedCredentials[] = []
  // one after the other: each takes 16 MiB
  for (const credentials of options.rules.basicAuth) basicAuth.push(await hashCredentials(credentials))
  return { ...options, rules: { ...options.rules, basicAuth } }
}

/**
 * Makes sure that no server would refuse these options, whoever made them; nothing else is to be sent to one.
 * Throws RefusedError UR_BIND_INVALID, as the server does, or TypeError for what is no HttpOptions at all.
 */
export function checkHttpOptions(options: unknown): asserts options is HttpOptions<Credentials> {
  const given = options as HttpOptions<Credentials>
  if (!given.rules.basicAuth.every(({ password }) => password instanceof Secret)) {
    throw new TypeError('a password for basic auth is no Secret')
  }
  const basicAuth = given.rules.basicAuth.map(({ user }) => ({ ...NO_HASH, user }))
  const httpOptions = encodeHttpOptions({ ...given, rules: { ...given.rules, basicAuth } })
  decodeHttpOptions(httpOptions)
  const most = MAX_MESSAGE_BYTES - OTHER_BYTES
  if (Control.encode({ bind: { httpOptions } }).length > most) {
    const message = `The rules of the tunnel are longer than the ${most} bytes that they may have together; name fewer networks, fields or authorities.`
    throw new RefusedError('UR_BIND_INVALID', message)
  }
}

const NO_HASH = { salt: Buffer.alloc(16), hash: Buffer.alloc(32), cost: PASSWORD_COST }
