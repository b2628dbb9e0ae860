import type { CertificateNews, TunnelStatus } from '../../agent/index.js'
import { codeOf } from '../failure.js'
import type { Output } from '../output.js'
import type { Presenter } from './presenter.js'

/** Shows an agent as JSON events on stdout. Connections are told only when `connections` is true. */
export function eventPresenter(output: Output, connections: boolean): Presenter {
  const event = (name: string, members: Record<string, unknown>) => output.event({ event: name, ...members })
  let ready = false
  const early: (() => void)[] = []
  /** At once, or right behind `ready`, which is the first line. */
  const behindReady = (tell: () => void): void => {
    if (ready) tell()
    else early.push(tell)
  }
  return {
    // Before `ready` it would tell nothing: `ready` is the first line of an agent that comes up without trouble.
    online: ({ node, serverVersion }, resumed) => {
      const kept = resumed && { resumed: true, away_ms: Math.round(resumed.awayMs), visitors: resumed.visitors }
      if (ready) event('online', { node, server_version: serverVersion, ...(kept ?? { resumed: false }) })
    },
    ready: (tunnels, inspector) => {
      ready = true
      event('ready', { tunnels: tunnels.map(plain), ...(inspector !== null && { inspector }) })
      for (const tell of early.splice(0)) tell()
    },
    tunnel: (tunnel) => event('tunnel', plain(tunnel)),
    removed: (tunnel) => behindReady(() => event('removed', plain(tunnel))),
    offline: (error, retryInMs, held) =>
      event('offline', {
        code: error.code,
        message: error.message,
        retry_in_ms: retryInMs === null ? null : Math.round(retryInMs),
        held,
      }),
    refused: (tunnel, error) =>
      event('error', { code: error.code, message: error.message, tunnel: tunnel.name, fatal: false }),
    notice: (level, code, text) => event('notice', { level, code, text }),
    certificate: (tunnel, news) => {
      // Of several tunnels one may have its certificate before another has its address.
      behindReady(() => event('certificate', { tunnel: tunnel.name, ...plainNews(news) }))
    },
    opened: ({ id, tunnel, visitor }) => {
      if (connections) event('connection', { state: 'opened', id, tunnel, visitor })
    },
    closed: ({ id, tunnel, visitor, bytesIn, bytesOut, durationMs, error }) => {
      if (!connections) return
      const failure = error === null ? {} : { code: codeOf(error), message: error.message }
      const ended = {
        state: 'closed',
        id,
        tunnel,
        visitor,
        bytes_in: bytesIn,
        bytes_out: bytesOut,
        duration_ms: Math.round(durationMs),
      }
      event('connection', { ...ended, ...failure })
    },
    draining: (graceMs) => event('draining', { grace_ms: graceMs }),
    inspector: (url, problem) => event('inspector', { url, ...(problem !== null && { problem }) }),
    end: () => undefined,
  }
}

function plainNews(news: CertificateNews): Record<string, unknown> {
  const { state, name: host } = news
  if (news.state === 'ready') return { state, host, not_after: news.notAfter.toISOString() }
  const { code, message } = news
  return { state, host, code, message, ...(news.state !== 'mismatch' && { next_try: news.nextTry.toISOString() }) }
}

function plain({ name, kind, publicUrl, upstream }: TunnelStatus): Record<string, unknown> {
  return { name, kind, public_url: publicUrl, upstream }
}
