import { printable } from '../../core/printable.js'
import type { TrafficFigures } from '../../core/traffic.js'

export type SessionStatus = 'connecting' | 'online' | 'reconnecting' | 'draining' | 'closed'

/** Everything that the status screen shows. Strings may come from outside: `render` makes them printable. */
export interface ScreenModel {
  status: SessionStatus
  /** Behind the status, in brackets: why it is so. */
  statusDetail: string | null
  version: string
  serverVersion: string | null
  /** HOST:PORT that the agent dials. */
  server: string
  node: string | null
  /** Session round-trip time, milliseconds. */
  latencyMs: number | null
  /** The connections to the server; `rttMs`: round-trip time, milliseconds. */
  carriers: readonly { number: number; rttMs: number | null }[]
  /** Where the pages of the inspector are; null: nowhere. */
  inspector: string | null
  forwardings: readonly { publicUrl: string | null; upstream: string; problem: string | null }[]
  traffic: TrafficFigures
  /** Newest first; null: they are not shown. */
  requests: readonly ShownRequest[] | null
  /** Newest first. */
  messages: readonly { level: 'info' | 'warning' | 'error'; time: string; text: string }[]
}

/** A request that passed, or is under way. */
export interface ShownRequest {
  method: string
  target: string
  /** Null: there is no answer yet, or none will come. */
  status: number | null
  reason: string
  state: 'open' | 'done' | 'cut'
  /** Null while it is under way. */
  durationMs: number | null
}

export interface ScreenSize {
  columns: number
  rows: number
  color: boolean
}

const LABEL_WIDTH = 30
const CELL_WIDTH = 8

/**
 * The status screen as lines, none wider than `columns` and no more than `rows`. Pure.
 * What does not fit below is left out, messages first; with `color` false no escape sequence is in any line.
 */
export function render(model: ScreenModel, size: ScreenSize): string[] {
  const lines = [title(size.columns), [], ...sessionLines(model), ...forwardingLines(model), ...trafficLines(model)]
  if (model.requests !== null) lines.push(...requestLines(model.requests, size.columns))
  if (model.messages.length > 0)
    lines.push([], ...model.messages.flatMap((message) => messageLines(message, size.columns)))
  return lines.slice(0, Math.max(0, size.rows)).map((spans) => paint(spans, size))
}

interface Span {
  text: string
  style?: Style
}
type Line = Span[]
type Style = keyof typeof STYLES

const STYLES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const
const STATUS_STYLES: Record<SessionStatus, Style> = {
  connecting: 'yellow',
  online: 'green',
  reconnecting: 'red',
  draining: 'yellow',
  closed: 'red',
}

function title(columns: number): Line {
  const hint = '(Ctrl+C to quit)'
  return [
    { text: 'uniroute', style: 'cyan' },
    { text: ' '.repeat(Math.max(1, columns - 'uniroute'.length - hint.length)) },
    { text: hint, style: 'dim' },
  ]
}

function row(label: string, ...value: Span[]): Line {
  return [{ text: label.padEnd(LABEL_WIDTH) }, ...value]
}

function sessionLines(model: ScreenModel): Line[] {
  const detail = model.statusDetail === null ? [] : [{ text: ` (${model.statusDetail})` }]
  const node = model.node === null || model.node === '' ? '' : ` (${model.node})`
  const serverVersion = model.serverVersion === null ? '' : ` (server ${model.serverVersion})`
  return [
    row('Session Status', { text: model.status, style: STATUS_STYLES[model.status] }, ...detail),
    row('Version', { text: model.version + serverVersion }),
    row('Server', { text: model.server + node }),
    row('Latency', { text: latencyText(model.latencyMs) }),
    ...(model.inspector === null ? [] : [row('Inspector', { text: model.inspector })]),
    row('Carriers', { text: String(model.carriers.length) }, { text: carriersText(model), style: 'dim' }),
  ]
}

function carriersText({ carriers }: ScreenModel): string {
  if (carriers.length === 0) return ''
  return ` (${carriers.map(({ number, rttMs }) => `#${number} ${latencyText(rttMs)}`).join(', ')})`
}

function latencyText(latencyMs: number | null): string {
  if (latencyMs === null) return '-'
  return latencyMs < 10 ? `${latencyMs.toFixed(1)}ms` : `${Math.round(latencyMs)}ms`
}

function forwardingLines(model: ScreenModel): Line[] {
  return model.forwardings.map(({ publicUrl, upstream, problem }, index) => {
    const label = index === 0 ? 'Forwarding' : ''
    if (problem !== null) return row(label, { text: problem, style: 'red' }, { text: ` -> ${upstream}` })
    if (publicUrl === null) return row(label, { text: 'waiting', style: 'yellow' }, { text: ` -> ${upstream}` })
    return row(label, { text: publicUrl, style: 'bold' }, { text: ` -> ${upstream}` })
  })
}

function trafficLines({ traffic }: ScreenModel): Line[] {
  const cells = (values: string[]) => ({
    text: values
      .map((value) => value.padEnd(CELL_WIDTH))
      .join('')
      .trimEnd(),
  })
  return [
    [],
    row('Connections', cells(['ttl', 'opn', 'rt1', 'rt5', 'p50', 'p90'])),
    row(
      '',
      cells([
        String(traffic.total),
        String(traffic.open),
        ...[traffic.rate1, traffic.rate5, traffic.p50, traffic.p90].map((figure) => figure.toFixed(2)),
      ]),
    ),
  ]
}

/** As many as are shown: messages below them shall have room. */
const REQUESTS = 10
const METHOD_WIDTH = 8
const OUTCOME_WIDTH = 26
const DURATION_WIDTH = 10

function requestLines(requests: readonly ShownRequest[], columns: number): Line[] {
  if (requests.length === 0) return [[], [{ text: 'HTTP Requests' }], [{ text: 'none yet', style: 'dim' }]]
  const width = Math.max(12, columns - METHOD_WIDTH - OUTCOME_WIDTH - DURATION_WIDTH - 2)
  const lines = requests.slice(0, REQUESTS).map((request): Line => {
    const { method, target, durationMs } = request
    return [
      { text: clip(printable(method), METHOD_WIDTH - 1).padEnd(METHOD_WIDTH) },
      { text: `${clip(printable(target), width).padEnd(width)} ` },
      outcome(request),
      { text: (durationMs === null ? '' : durationText(durationMs)).padStart(DURATION_WIDTH), style: 'dim' },
    ]
  })
  return [[], [{ text: 'HTTP Requests' }], ...lines]
}

function outcome({ status, reason, state }: ShownRequest): Span {
  const none = state === 'open' ? 'waiting' : 'no answer'
  const text = status === null ? none : `${status} ${printable(reason)}`.trimEnd()
  const style =
    status === null ? (state === 'open' ? 'dim' : 'red') : status < 400 ? 'green' : status < 500 ? 'yellow' : 'red'
  return { text: clip(text, OUTCOME_WIDTH).padEnd(OUTCOME_WIDTH), style }
}

function durationText(ms: number): string {
  return ms < 10_000 ? `${latencyText(ms)}` : `${(ms / 1000).toFixed(1)}s`
}

// What to do stands at the end of a message: it is wrapped, not clipped.
function messageLines({ level, time, text }: ScreenModel['messages'][number], columns: number): Line[] {
  const style: Style = level === 'error' ? 'red' : level === 'warning' ? 'yellow' : 'dim'
  return wrap(printable(text), columns - time.length - 1).map((part, index) => [
    { text: index === 0 ? `${time} ` : ' '.repeat(time.length + 1), style: 'dim' },
    { text: part, style },
  ])
}

/** Lines of whole words, none wider than `columns` unless a single word is. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function paint(line: Line, { columns, color }: ScreenSize): string {
  let left = columns
  let painted = ''
  for (const span of line) {
    const text = clip(printable(span.text), left)
    left -= text.length
    if (text === '') continue
    painted += color && span.style ? `\u001b[${STYLES[span.style]}m${text}\u001b[0m` : text
  }
  return painted.trimEnd()
}

function clip(text: string, columns: number): string {
  if (text.length <= columns) return text
  return columns <= 1 ? ''.padEnd(columns) : `${text.slice(0, columns - 1)}…`
}
