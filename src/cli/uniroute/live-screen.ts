import { VERSION } from '../../core/version.js'
import type { ScreenModel, SessionStatus } from '../screen/render.js'
import { StatusScreen, type Terminal } from '../screen/screen.js'
import { Traffic } from '../screen/traffic.js'
import type { NoticeLevel, Presenter, SessionView, TunnelView } from './presenter.js'

const MESSAGES = 5

export interface LiveScreenOptions {
  terminal: Terminal
  color: boolean
  /** HOST:PORT that the agent dials. */
  server: string
  tunnels: readonly TunnelView[]
  /** Read at each redraw: round trip in ms and number of carriers. */
  session(): { rttMs: number | null; carriers: number }
  now(): number
}

/** Shows an agent on the status screen. */
export function screenPresenter(options: LiveScreenOptions): Presenter {
  const { terminal, color, server, now } = options
  const traffic = new Traffic()
  const tunnels = new Map<string, { view: TunnelView; problem: string | null }>()
  for (const view of options.tunnels) tunnels.set(view.name, { view, problem: null })
  let status: SessionStatus = 'connecting'
  let statusDetail: string | null = null
  let session: SessionView | null = null
  let messages: ScreenModel['messages'] = []

  const model = (): ScreenModel => {
    const { rttMs, carriers } = options.session()
    return {
      status,
      statusDetail,
      version: VERSION,
      serverVersion: session?.serverVersion ?? null,
      server,
      node: session?.node ?? null,
      latencyMs: rttMs,
      carriers,
      forwardings: [...tunnels.values()].map(({ view, problem }) => ({ publicUrl: view.publicUrl, upstream: view.upstream, problem })),
      traffic: traffic.figures(now()),
      messages,
    }
  }
  const screen = new StatusScreen(terminal, { color, model })
  const show = (next: SessionStatus, detail: string | null) => {
    status = next
    statusDetail = detail
    screen.refresh()
  }
  const say = (level: NoticeLevel, text: string) => {
    const time = new Date().toTimeString().slice(0, 8)
    messages = [{ level, time, text }, ...messages].slice(0, MESSAGES)
    screen.refresh()
  }
  const bound = (view: TunnelView) => {
    tunnels.set(view.name, { view, problem: null })
    screen.refresh()
  }

  return {
    online: (view) => {
      session = view
      show('online', null)
    },
    ready: (views) => views.forEach(bound),
    tunnel: bound,
    offline: (error, retryInMs) => {
      show('reconnecting', retryInMs === null ? null : `next try in ${(retryInMs / 1000).toFixed(1)} s`)
      say('error', error.message)
    },
    refused: (view, error) => {
      tunnels.set(view.name, { view, problem: error.code })
      say('error', `${view.name}: ${error.message}`)
    },
    notice: (level, _code, text) => say(level, text),
    opened: () => {
      traffic.opened(now())
      screen.refresh()
    },
    closed: ({ durationMs, error }) => {
      traffic.closed(durationMs)
      if (error !== null) say('warning', error.message)
      else screen.refresh()
    },
    draining: () => show('draining', 'press Ctrl+C again to stop at once'),
    end: () => {
      status = 'closed'
      statusDetail = null
      screen.stop()
    },
  }
}
