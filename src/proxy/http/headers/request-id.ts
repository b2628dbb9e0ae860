import { singleField, type Fields } from '../../../core/http-fields.js'
import type { RandomIds } from './random-ids.js'

const MAX_LENGTH = 128
const USABLE = /^[A-Za-z0-9._~+/=:@-]+$/

/**
 * The id under which a request is found in the logs, on error pages and in the upstream's `X-Request-Id`: a new one of
 * 32 hexadecimal digits, or the one that a trusted proxy gave it.
 */
export function requestIdOf(fields: Fields, peerTrusted: boolean, ids: RandomIds): string {
  if (!peerTrusted) return ids.hex(16)
  const given = singleField(fields, 'x-request-id')
  return typeof given === 'string' && given.length <= MAX_LENGTH && USABLE.test(given) ? given : ids.hex(16)
}
