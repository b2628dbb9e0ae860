import type { IncomingHttpHeaders } from 'node:http'
import { type AllowedHosts, suspicionOf } from '../core/browser-guard.js'
import { printable } from '../core/printable.js'
import { AdminError } from './problems.js'

/**
 * Keeps pages of other sites from using the API through the browser of somebody who may. Throws AdminError 421
 * UR_ADMIN_HOST, 403 UR_ADMIN_ORIGIN, 415 UR_ADMIN_CONTENT_TYPE.
 */
export function guard(method: string, headers: IncomingHttpHeaders, allowed: AllowedHosts): void {
  switch (suspicionOf(method, headers, allowed)) {
    case 'host':
      throw new AdminError(
        421,
        'UR_ADMIN_HOST',
        `The request is for the host "${printable((headers.host ?? '').slice(0, 100))}", which is not this server's. ` +
          'What to do: use its address, or add the name to listen.admin_hosts.',
      )
    case 'origin':
      throw new AdminError(
        403,
        'UR_ADMIN_ORIGIN',
        'A page of another site sent this request. What to do: use the API from programs, not from pages.',
      )
    case 'type':
      throw new AdminError(
        415,
        'UR_ADMIN_CONTENT_TYPE',
        'What to do: send a JSON object, and `Content-Type: application/json`.',
      )
    case null:
  }
}
