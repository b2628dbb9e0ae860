import type { Logger } from '../core/logger.js'
import { printable } from '../core/printable.js'
import type { RequestRecord } from '../proxy/http/index.js'

/** Characters of what a visitor sent that one line may have. */
const MOST = 500

/** Writes one line of the access log, at level info: who asked for what, what was answered, and how long that took. */
export function logRequest(log: Logger, record: RequestRecord): void {
  const { exchange, visitor, requestId, tunnel, status, code, bytesIn, bytesOut, durationMs, complete } = record
  const { method, target, authority, version } = exchange.head
  log.info(
    {
      request: requestId,
      tunnel,
      visitor,
      method: printable(method),
      host: printable(authority).slice(0, MOST),
      path: printable(target).slice(0, MOST),
      http: version,
      status,
      ...(code === null ? {} : { code }),
      bytes_in: bytesIn,
      bytes_out: bytesOut,
      duration_ms: Math.round(durationMs * 10) / 10,
      ...(complete ? {} : { complete }),
    },
    'request',
  )
}
