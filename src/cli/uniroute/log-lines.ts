import type { TunnelStatus } from '../../agent/index.js'
import { systemClock, type Clock } from '../../core/clock.js'
import type { Code } from '../../core/error-codes.js'
import { UniRouteError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import { ThrottledLog } from '../../core/throttled-log.js'
import { certificateText, reconnectedText, type Presenter } from './presenter.js'

/** Shows an agent as log lines: where there is no terminal. */
export function logPresenter(log: Logger, clock: Clock = systemClock): Presenter {
  const throttled = new ThrottledLog(log, clock)
  const forwarding = ({ name, publicUrl, upstream }: TunnelStatus) =>
    log.info({ tunnel: name }, `forwarding ${publicUrl} -> ${upstream}`)
  let told = ''
  return {
    online: ({ node, serverVersion }, resumed) => {
      told = ''
      if (resumed === null) log.info({ node, server_version: serverVersion }, 'session online')
      else {
        const { awayMs, visitors } = resumed
        log.info({ node, away_ms: Math.round(awayMs), visitors }, reconnectedText(resumed))
      }
    },
    ready: (tunnels, inspector) => {
      tunnels.forEach(forwarding)
      if (inspector !== null) log.info({ url: inspector }, 'inspector')
    },
    tunnel: forwarding,
    removed: ({ name, publicUrl }) => log.info({ tunnel: name }, `stopped forwarding ${publicUrl ?? 'nothing'}`),
    // A long outage is one line, not one for each try.
    offline: (error, retryInMs, held) => {
      const level = error.message === told ? 'debug' : 'warn'
      told = error.message
      const fields = { error, ...(retryInMs === null ? {} : { retry_in_ms: Math.round(retryInMs) }) }
      if (held === null) log[level](fields, 'session offline')
      else log[level]({ ...fields, held }, 'reconnecting, visitors are held')
    },
    refused: ({ name }, error) => log.error({ tunnel: name, error }, 'the server refused a tunnel'),
    notice: (level, code, text) => log[NOTICE_LEVELS[level]]({ code }, `the server says: ${text}`),
    // What was ordered just now is told by whoever orders.
    certificate: ({ name }, news) => {
      if (news.state === 'mismatch') log.warn({ tunnel: name, code: news.code }, news.message)
      else if (news.state === 'waiting') log.error({ tunnel: name, code: news.code }, certificateText(news))
      else log.debug({ tunnel: name }, certificateText(news))
    },
    opened: ({ id, tunnel, visitor }) => log.debug({ connection: id, tunnel, visitor }, 'connection opened'),
    closed: ({ id, tunnel, visitor, bytesIn, bytesOut, durationMs, error }) => {
      const fields = {
        connection: id,
        tunnel,
        visitor,
        bytes_in: bytesIn,
        bytes_out: bytesOut,
        duration_ms: Math.round(durationMs),
      }
      if (error === null) log.debug(fields, 'connection closed')
      else if (isByVisitor(error)) log.debug(fields, 'connection reset by its visitor')
      else throttled.warn(codeOf(error), { ...fields, error }, 'connection failed')
    },
    draining: (graceMs) =>
      log.info({ grace_ms: graceMs }, 'stopping: open connections may end; a second signal ends at once'),
    inspector: (url, problem) => {
      if (problem === null) log.info({ url }, 'inspector')
      else log.warn({}, problem)
    },
    end: () => undefined,
  }
}

/** The server resets a stream when its visitor has reset the connection: any stranger can, as often as he likes. */
function isByVisitor(error: Error): boolean {
  return error instanceof UniRouteError && error.code === 'UR_WIRE_RESET'
}

function codeOf(error: Error): Code {
  return error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
}

const NOTICE_LEVELS = { info: 'info', warning: 'warn', error: 'error' } as const
