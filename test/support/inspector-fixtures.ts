import type {
  BodyInfo,
  ConnectionSummary,
  ExchangeKind,
  ExchangeState,
  ExchangeSummary,
  Field,
  InspectorStatus,
  Timing,
  TimelineMessage,
  TrafficStatistics,
} from '../../src/inspector/contract.js'

/** What a fake exchange is made from; what is left out is of a quick GET. */
export interface ExchangeSpec {
  readonly method?: string
  readonly target?: string
  readonly status?: number | null
  readonly reason?: string
  readonly kind?: ExchangeKind
  readonly state?: ExchangeState
  readonly tunnel?: string
  readonly host?: string
  readonly protocol?: string
  readonly timing?: Partial<Timing>
  readonly problem?: string | null
  readonly replayOf?: string | null
  readonly request?: MessageSpec
  readonly response?: MessageSpec
  readonly messages?: readonly MessageEntry[]
}

export interface MessageSpec {
  /** `[name, value]`; a third `true`: redacted, and can be revealed. */
  readonly fields?: readonly (readonly [string, string, boolean?])[]
  readonly trailers?: readonly (readonly [string, string])[]
  readonly type?: string
  readonly body?: string | Buffer
  /** As it was on the wire; less of it was kept. */
  readonly bytes?: number
  readonly info?: Partial<BodyInfo>
}

export type MessageEntry = Partial<TimelineMessage> & Pick<TimelineMessage, 'direction' | 'kind'>

export interface FakeMessage {
  readonly fields: readonly Field[]
  readonly trailers: readonly Field[]
  readonly info: BodyInfo
  readonly body: Buffer
}

export interface FakeExchange {
  readonly summary: ExchangeSummary
  readonly request: FakeMessage
  readonly response: FakeMessage | null
  readonly messages: readonly TimelineMessage[]
}

/** When the first fake exchange began; the others follow. */
const BEGAN = Date.parse('2026-11-29T10:15:00.000Z')
const APART_MS = 1370

/** @param number of the exchange: makes its id and time */
export function fakeExchange(number: number, spec: ExchangeSpec): FakeExchange {
  const id = number.toString(16).padStart(16, '0')
  const request = fakeMessage(id, 'request', spec.request ?? {})
  const status = spec.status === undefined ? 200 : spec.status
  const response = status === null ? null : fakeMessage(id, 'response', spec.response ?? {})
  const timing = { sendingMs: 0.3, waitingMs: 8.2, receivingMs: 0.9, ...spec.timing }
  const { sendingMs, waitingMs, receivingMs } = timing
  const sum =
    sendingMs === null || waitingMs === null || receivingMs === null ? null : sendingMs + waitingMs + receivingMs
  const messages = (spec.messages ?? []).map((entry, index) => fakeTimelineMessage(index, entry))
  return {
    summary: {
      id,
      kind: spec.kind ?? 'http',
      state: spec.state ?? 'done',
      tunnel: spec.tunnel ?? 'shop',
      visitor: '203.0.113.24',
      startedAt: new Date(BEGAN + number * APART_MS).toISOString(),
      method: spec.method ?? 'GET',
      target: spec.target ?? '/',
      host: spec.host ?? 'shop.tunnels.example.com',
      protocol: spec.protocol ?? 'HTTP/1.1',
      status,
      reason: spec.reason ?? (status === 200 ? 'OK' : ''),
      timing: { ...timing, totalMs: spec.timing?.totalMs === undefined ? sum : spec.timing.totalMs },
      requestBytes: request.info.bytes,
      responseBytes: response?.info.bytes ?? 0,
      requestType: request.info.mediaType,
      responseType: response?.info.mediaType ?? '',
      messages: messages.length,
      problem: spec.problem ?? null,
      requestId: `req-${number.toString(36).padStart(6, '0')}`,
      replayOf: spec.replayOf ?? null,
    },
    request,
    response,
    messages,
  }
}

export function fakeTimelineMessage(number: number, entry: MessageEntry): TimelineMessage {
  const text = entry.text ?? null
  const bytes = text === null ? Buffer.from(entry.base64 ?? '', 'base64').length : Buffer.byteLength(text)
  return { number, atMs: number * 240, bytes, label: '', text, base64: null, truncated: false, problem: null, ...entry }
}

function fakeMessage(id: string, side: 'request' | 'response', spec: MessageSpec): FakeMessage {
  const body = typeof spec.body === 'string' ? Buffer.from(spec.body) : (spec.body ?? Buffer.alloc(0))
  const fields = [...(spec.fields ?? []), ...(spec.type === undefined ? [] : [['content-type', spec.type] as const])]
  return {
    fields: fields.map(([name, value, redacted = false], index) => ({
      name,
      value,
      redacted,
      secret: redacted ? `${id}.${side}.${index}` : null,
    })),
    trailers: (spec.trailers ?? []).map(([name, value]) => ({ name, value, redacted: false, secret: null })),
    info: {
      bytes: spec.bytes ?? body.length,
      kept: body.length,
      mediaType: (spec.type ?? '').replace(/;.*/s, ''),
      codings: [],
      text: typeof spec.body === 'string',
      redacted: false,
      problem: null,
      ...spec.info,
    },
    body,
  }
}

export function fakeTraffic(count: number, rate: number, p50: number): TrafficStatistics {
  return {
    count,
    open: count === 0 ? 0 : 3,
    rate1: rate,
    rate5: rate * 0.8,
    rate15: rate * 0.5,
    duration: { p50, p90: p50 * 3.1, p95: p50 * 5.4, p99: p50 * 17 },
  }
}

export function fakeStatus(change: Partial<InspectorStatus> = {}): InspectorStatus {
  return {
    version: '0.1.0',
    state: 'online',
    server: 'tunnels.example.com:443',
    serverVersion: '0.1.0',
    node: 'fra-1',
    rttMs: 23.4,
    carriers: [
      { number: 1, rttMs: 23.4 },
      { number: 2, rttMs: 24.1 },
    ],
    tunnels: [
      {
        name: 'shop',
        kind: 'http',
        publicUrl: 'https://shop.tunnels.example.com',
        upstream: 'http://localhost:3000',
        inspected: true,
        problem: null,
        bytesIn: 1_834_220,
        bytesOut: 48_220_114,
        connections: fakeTraffic(212, 0.7, 5210),
        requests: fakeTraffic(4096, 12.4, 14.2),
      },
      {
        name: 'hooks',
        kind: 'http',
        publicUrl: 'https://hooks.tunnels.example.com',
        upstream: 'http://localhost:4000',
        inspected: true,
        problem: 'localhost:4000 refuses connections: is the service running?',
        bytesIn: 20_114,
        bytesOut: 9_002,
        connections: fakeTraffic(18, 0.02, 800),
        requests: fakeTraffic(31, 0.04, 3.1),
      },
      {
        name: 'postgres',
        kind: 'tcp',
        publicUrl: 'tcp://tunnels.example.com:20001',
        upstream: 'localhost:5432',
        inspected: false,
        problem: null,
        bytesIn: 812_000,
        bytesOut: 99_120_000,
        connections: fakeTraffic(58, 0.1, 182_000),
        requests: fakeTraffic(0, 0, 0),
      },
    ],
    timeSpent: { sending: 0.8, waiting: 61.4, receiving: 4.2 },
    verdict:
      'The upstream localhost:3000 takes most of the time: 61 of 66 ms until its first byte; the way to the server takes 23 ms.',
    capture: {
      exchanges: 1204,
      bytes: 31_400_000,
      limitBytes: 50_000_000,
      bodyLimitBytes: 1_000_000,
      forgotten: 2892,
      missedBytes: 0,
      canReveal: true,
      store: null,
    },
    ...change,
  }
}

export function fakeConnection(number: number, change: Partial<ConnectionSummary> = {}): ConnectionSummary {
  return {
    id: number.toString(16).padStart(16, '0'),
    tunnel: 'postgres',
    visitor: `198.51.100.${(number * 37) % 250}`,
    startedAt: new Date(BEGAN + number * 61_000).toISOString(),
    bytesIn: 1200 + number * 3371,
    bytesOut: 88_000 + number * 120_511,
    durationMs: number % 4 === 0 ? null : 900 + number * 17_311,
    problem: null,
    ...change,
  }
}
