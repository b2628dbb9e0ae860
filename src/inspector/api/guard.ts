import type { IncomingHttpHeaders } from 'node:http'
import { type AllowedHosts, suspicionOf } from '../../core/browser-guard.js'
import { printable } from '../../core/printable.js'
import { InspectError } from './problems.js'

/**
 * Keeps pages of other sites (also those that a tunnel serves on this machine) from using the API through the browser of
 * somebody who may. The pages themselves may be led to by a link from anywhere: they are the same for everybody.
 * Throws InspectError 421 UR_INSPECT_HOST, 403 UR_INSPECT_ORIGIN, 415 UR_INSPECT_CONTENT_TYPE.
 */
export function guard(method: string, url: string, headers: IncomingHttpHeaders, allowed: AllowedHosts): void {
  const suspicion = suspicionOf(method, headers, allowed)
  if (suspicion === 'host') {
    const host = printable((headers.host ?? '').slice(0, 100))
    throw new InspectError(
      421,
      'UR_INSPECT_HOST',
      `The request is for the host "${host}", which is not the inspector's. What to do: use its address, or allow the name with --inspect-allow-host.`,
    )
  }
  const isPage = (method === 'GET' || method === 'HEAD') && !/^\/api(\/|\?|$)/.test(url)
  if (!isPage && (suspicion === 'origin' || headers['sec-fetch-site'] === 'same-site')) {
    throw new InspectError(
      403,
      'UR_INSPECT_ORIGIN',
      'A page of another site sent this request. What to do: use the API from programs, or from the pages of the inspector.',
    )
  }
  if (suspicion !== 'type') return
  throw new InspectError(
    415,
    'UR_INSPECT_CONTENT_TYPE',
    'What to do: send a JSON object, and `Content-Type: application/json`.',
  )
}
