import type { AgentStatus } from '../../agent/index.js'
import { VERSION } from '../../core/version.js'
import type { ScreenModel, SessionStatus, ShownRequest } from '../screen/render.js'
import { StatusScreen, type Terminal } from '../screen/screen.js'
import { Traffic } from '../../core/traffic.js'
import { certificateText, reconnectedText, visitorsText, type NoticeLevel, type Presenter } from './presenter.js'

const MESSAGES = 5

export interface LiveScreenOptions {
  terminal: Terminal
  color: boolean
  /** Read at each redraw. */
  status(): AgentStatus
  /** Where the pages of the inspector are; null: nowhere. */
  inspector(): string | null
  /** The newest requests, newest first; null: they are not inspected. */
  requests(): readonly ShownRequest[] | null
  /** Milliseconds, monotonic. */
  now(): number
}

/** Shows an agent on the status screen. */
export function screenPresenter(options: LiveScreenOptions): Presenter {
  const { terminal, color, now } = options
  const traffic = new Traffic()
  let detail: string | null = null
  let messages: ScreenModel['messages'] = []

  const model = (): ScreenModel => {
    const { state, server, session, rttMs, carriers, held, tunnels } = options.status()
    const heldText = held === 0 ? null : `${visitorsText(held)} held`
    return {
      status: STATUS_OF[state],
      statusDetail: [detail, heldText].filter((text) => text !== null).join(', ') || null,
      version: VERSION,
      serverVersion: session?.serverVersion ?? null,
      server,
      node: session?.node ?? null,
      latencyMs: rttMs,
      carriers,
      forwardings: tunnels.map(({ publicUrl, upstream, problem }) => ({
        publicUrl,
        upstream,
        problem: problem?.code ?? null,
      })),
      inspector: options.inspector(),
      traffic: traffic.figures(now()),
      requests: options.requests(),
      messages,
    }
  }
  const screen = new StatusScreen(terminal, { color, model })
  const explain = (text: string | null) => {
    detail = text
    screen.refresh()
  }
  const say = (level: NoticeLevel, text: string) => {
    const time = new Date().toTimeString().slice(0, 8)
    const others = messages.filter((message) => message.text !== text)
    messages = [{ level, time, text }, ...others].slice(0, MESSAGES)
    screen.refresh()
  }

  return {
    online: (_session, resumed) => {
      explain(null)
      if (resumed !== null) say('info', reconnectedText(resumed))
    },
    ready: () => screen.refresh(),
    tunnel: () => screen.refresh(),
    offline: (error, retryInMs) => {
      explain(retryInMs === null ? null : `next try in ${(retryInMs / 1000).toFixed(1)} s`)
      say('error', error.message)
    },
    refused: (tunnel, error) => say('error', `${tunnel.name}: ${error.message}`),
    notice: (level, code, text) => say(level, `${text} (${code})`),
    certificate: (_tunnel, news) => say(news.state === 'ready' ? 'info' : 'error', certificateText(news)),
    opened: () => {
      traffic.opened(now())
      screen.refresh()
    },
    closed: ({ durationMs, error }) => {
      traffic.closed(durationMs)
      if (error !== null) say('warning', error.message)
      else screen.refresh()
    },
    draining: () => explain('press Ctrl+C again to stop at once'),
    inspector: (_url, problem) => (problem === null ? screen.refresh() : say('warning', problem)),
    end: () => {
      detail = null
      screen.stop()
    },
  }
}

const STATUS_OF: Record<AgentStatus['state'], SessionStatus> = {
  idle: 'connecting',
  connecting: 'connecting',
  online: 'online',
  reconnecting: 'reconnecting',
  draining: 'draining',
  closed: 'closed',
}
