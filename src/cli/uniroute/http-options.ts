import { type Credentials, type HttpOptions, httpKeysFrom, httpOptionsOf, type Upstream } from '../../config/index.js'
import { overridesOf } from '../options.js'
import { HTTP_FLAGS } from './http-flags.js'

/**
 * What the flags of `uniroute http UPSTREAM` ask for; `flags` as commander gives them, others among them are ignored.
 * Throws ConfigError UR_CONFIG_VALUE, which names every flag that is wrong: before anything is connected.
 */
export function httpOptionsFromFlags(
  flags: Readonly<Record<string, unknown>>,
  upstream: Upstream,
): HttpOptions<Credentials> {
  return httpOptionsOf(httpKeysFrom(overridesOf(HTTP_FLAGS, flags)), upstream)
}
