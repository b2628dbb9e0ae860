import { hashCredentials } from '../access/visitor-rules/index.js'
import type { Credentials, HashedCredentials, HttpOptions } from '../config/index.js'
import { encodeHttpOptions, type HttpOptionsInit } from '../protocol/index.js'

/**
 * The options of an `http` tunnel as they ride in `Bind`: with hashes for passwords, which do not leave the agent. To be
 * made once for all sessions, as hashing takes time.
 */
export async function httpOptionsToBind(options: HttpOptions<Credentials>): Promise<HttpOptionsInit> {
  const basicAuth: HashedCredentials[] = []
  // one after the other: each takes 16 MiB
  for (const credentials of options.rules.basicAuth) basicAuth.push(await hashCredentials(credentials))
  return encodeHttpOptions({ ...options, rules: { ...options.rules, basicAuth } })
}
