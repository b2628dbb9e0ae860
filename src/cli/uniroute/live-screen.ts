import type { AgentStatus, CertificateNews } from '../../agent/index.js'
import { VERSION } from '../../core/version.js'
import type { ScreenModel, SessionStatus, ShownRequest } from '../screen/render.js'
import { StatusScreen, type Terminal } from '../screen/screen.js'
import { Traffic } from '../../core/traffic.js'
import { certificateText, reconnectedText, visitorsText, type NoticeLevel, type Presenter } from './presenter.js'

const MESSAGES = 5

interface Message {
  readonly level: NoticeLevel
  readonly time: string
  readonly text: string
  /** Of messages about the same the newest is shown. */
  readonly about: string
  /** Says why there is no connection, and goes when there is one. */
  readonly passes: boolean
}

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
  let messages: readonly Message[] = []

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
  const say = (level: NoticeLevel, text: string, { about = text, passes = false }: Partial<Message> = {}) => {
    const time = new Date().toTimeString().slice(0, 8)
    const others = messages.filter((message) => message.about !== about)
    messages = [{ level, time, text, about, passes }, ...others].slice(0, MESSAGES)
    screen.refresh()
  }

  return {
    online: (_session, resumed) => {
      messages = messages.filter(({ passes }) => !passes)
      explain(null)
      if (resumed !== null) say('info', reconnectedText(resumed))
    },
    ready: () => screen.refresh(),
    tunnel: () => screen.refresh(),
    removed: () => screen.refresh(),
    offline: (error, retryInMs) => {
      explain(retryInMs === null ? null : `next try in ${(retryInMs / 1000).toFixed(1)} s`)
      say('error', error.message, { passes: true })
    },
    refused: (tunnel, error) => say('error', `${tunnel.name}: ${error.message}`),
    // Where the session ends for that reason too, the loss is told in its place.
    notice: (level, code, text) => say(level, `${text} (${code})`, { about: text }),
    certificate: (_tunnel, news) => say(CERTIFICATE_LEVELS[news.state], certificateText(news)),
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
    end: (error) => {
      detail = null
      // It is told below the screen.
      if (error !== null) messages = messages.filter(({ text }) => !text.endsWith(error.message))
      screen.stop()
    },
  }
}

const CERTIFICATE_LEVELS: Record<CertificateNews['state'], NoticeLevel> = {
  ready: 'info',
  mismatch: 'warning',
  failed: 'error',
  waiting: 'error',
}

const STATUS_OF: Record<AgentStatus['state'], SessionStatus> = {
  idle: 'connecting',
  connecting: 'connecting',
  online: 'online',
  reconnecting: 'reconnecting',
  draining: 'draining',
  closed: 'closed',
}
