/**
 * What the inspector's API under `/api/inspect` answers and takes, as JSON; shared by the API and the pages. Types only.
 * Times are RFC 3339 with milliseconds, durations are milliseconds, sizes are bytes.
 *
 * GET    /status /events /connections
 * GET    /exchanges            DELETE forgets all
 * GET    /exchanges/ID         and below it /messages, /copy?as=curl|fetch|httpie, /diff/OTHER_ID,
 *                              /request/body and /response/body (decoded where it can be, ?raw=1: as it was)
 * POST   /exchanges/ID/replay
 * POST   /reveal
 * POST   /tunnels              DELETE /tunnels/NAME
 * GET    /exchanges.har        with the filters of /exchanges, or ?id=ID&id=ID; POST takes a HAR file
 * GET    /suites               PUT /suites/NAME {"exchanges": [ID…]}, GET (the HAR file), DELETE; POST /suites/NAME/run
 */

export type ExchangeKind = 'http' | 'sse' | 'websocket' | 'grpc'

/** `open`: under way. `done`: ended as its protocol says. `cut`: ended otherwise; `problem` says how. */
export type ExchangeState = 'open' | 'done' | 'cut'

/** One request and what came back, as a row of a list. */
export interface ExchangeSummary {
  /** 16 hex digits; later ones sort behind earlier ones. */
  readonly id: string
  readonly kind: ExchangeKind
  readonly state: ExchangeState
  readonly tunnel: string
  /** The visitor's address, without its port. */
  readonly visitor: string
  readonly startedAt: string
  readonly method: string
  /** As the request line has it; secrets in its query are redacted. */
  readonly target: string
  readonly host: string
  /** `HTTP/1.1`, `HTTP/2.0` */
  readonly protocol: string
  readonly status: number | null
  readonly reason: string
  readonly timing: Timing
  /** Of the bodies, as they were on the wire. */
  readonly requestBytes: number
  readonly responseBytes: number
  /** Media types without parameters; empty: none. */
  readonly requestType: string
  readonly responseType: string
  /** WebSocket and gRPC messages, SSE events. */
  readonly messages: number
  /** Why it was cut, or what in it could not be read. */
  readonly problem: string | null
  /** The request id that error pages and logs have; empty: none. */
  readonly requestId: string
  /** The exchange of which this is a replay. */
  readonly replayOf: string | null
}

export interface Timing {
  /** From the first byte of the request until all of it was there; null: not all of it is. */
  readonly sendingMs: number | null
  /** From the whole request (or, if sooner, the answer's first byte) to the first byte of the answer. */
  readonly waitingMs: number | null
  /** From the first byte of the answer to its last. */
  readonly receivingMs: number | null
  readonly totalMs: number | null
}

export interface ExchangeDetail extends ExchangeSummary {
  readonly request: MessagePart
  readonly response: MessagePart | null
}

export interface MessagePart {
  readonly fields: readonly Field[]
  readonly trailers: readonly Field[]
  readonly body: BodyInfo
}

export interface Field {
  readonly name: string
  /** Where a secret was, it is `[redacted]`. */
  readonly value: string
  /** To be given to `reveal`; null: nothing is redacted here, or it was not kept. */
  readonly secret: string | null
  readonly redacted: boolean
}

export interface BodyInfo {
  readonly bytes: number
  /** How much of it was kept. */
  readonly kept: number
  readonly mediaType: string
  /** Content codings in the order in which they were applied, such as `gzip`. */
  readonly codings: readonly string[]
  /** Whether what was kept could be decoded and is text. */
  readonly text: boolean
  readonly redacted: boolean
  /** What in it could not be decoded. */
  readonly problem: string | null
}

/** One WebSocket frame or message, SSE event or gRPC message. */
export interface TimelineMessage {
  readonly number: number
  /** Since the request began. */
  readonly atMs: number
  readonly direction: 'to-upstream' | 'to-visitor'
  readonly kind: 'text' | 'binary' | 'ping' | 'pong' | 'close' | 'event' | 'grpc'
  readonly bytes: number
  /** Name of an SSE event, gRPC message type, close code; empty: none. */
  readonly label: string
  /** Text, or JSON of a decoded gRPC message; null: `base64` has it. */
  readonly text: string | null
  readonly base64: string | null
  /** Not all of it was kept. */
  readonly truncated: boolean
  readonly problem: string | null
}

/** `GET /exchanges/ID/messages?after=NUMBER&limit=N` */
export interface MessagePage {
  readonly messages: readonly TimelineMessage[]
  /** All that came, kept or not. */
  readonly total: number
  /** To be given as `after` for the next page; null: this is the last one that is kept so far. */
  readonly next: number | null
}

/** `POST /reveal` with `{"secret": …}` of a field */
export interface Revealed {
  readonly value: string
}

/** One connection through a `tcp` or `tls` tunnel. */
export interface ConnectionSummary {
  readonly id: string
  readonly tunnel: string
  readonly visitor: string
  readonly startedAt: string
  /** From the visitor to the upstream. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly durationMs: number | null
  readonly problem: string | null
}

/** `GET /exchanges`: each filter narrows; newest first. */
export interface ExchangeFilter {
  /** Words, all of which occur in method, target, status, fields or a text body, in any case. */
  readonly q?: string
  readonly tunnel?: string
  readonly kind?: ExchangeKind
  readonly method?: string
  /** A part of the target. */
  readonly path?: string
  /** `404`, `4xx`, `400-499`; `none`: without an answer. */
  readonly status?: string
  readonly minMs?: number
  readonly maxMs?: number
  /** Response body. */
  readonly minBytes?: number
  readonly maxBytes?: number
  /** `name` or `name: part of the value`, of request or response. */
  readonly header?: string
  /** A part of a text body. */
  readonly body?: string
  /** Default 100, at most 1000. */
  readonly limit?: number
  /** Only those older than this id. */
  readonly before?: string
}

export interface ExchangePage {
  readonly exchanges: readonly ExchangeSummary[]
  /** To be given as `before` for the next page; null: this is the last one. */
  readonly next: string | null
}

/** `POST /exchanges/ID/replay`; what is left out is as it was. */
export interface ReplayRequest {
  readonly method?: string
  readonly target?: string
  /** All of them, in their order. A redacted value is replaced by the secret if it was kept, otherwise left out. */
  readonly fields?: readonly { readonly name: string; readonly value: string }[]
  readonly body?: { readonly text: string } | { readonly base64: string }
  /** Another tunnel of the agent, whose upstream gets it. */
  readonly tunnel?: string
  /** Another upstream: `localhost:3001`, `https://…`. */
  readonly upstream?: string
}

export interface ReplayResult {
  readonly exchange: ExchangeSummary
  /** Against the exchange that was replayed. */
  readonly diff: ExchangeDiff
  /**
   * What was left out as it was redacted, and was not kept: names of fields, `?NAME` for parameters of the query. `body`:
   * what was redacted in it was sent as `[redacted]`.
   */
  readonly omitted: readonly string[]
}

/** The second answer beside the first. */
export interface ExchangeDiff {
  readonly same: boolean
  readonly status: { readonly before: number | null; readonly after: number | null; readonly same: boolean }
  readonly fields: readonly DiffEntry[]
  readonly body:
    | { readonly kind: 'same' }
    | { readonly kind: 'json'; readonly entries: readonly DiffEntry[] }
    | { readonly kind: 'text'; readonly lines: readonly DiffLine[] }
    | {
        readonly kind: 'binary'
        /** Bytes. */
        readonly before: number
        readonly after: number
        readonly beforeSha256: string
        readonly afterSha256: string
      }
}

export interface DiffEntry {
  /** Name of a field, or JSON Pointer (RFC 6901). */
  readonly key: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly before: unknown
  readonly after: unknown
}

export interface DiffLine {
  readonly change: 'same' | 'added' | 'removed' | 'skipped'
  /** The line; of `skipped` the number of lines that are left out. */
  readonly text: string
}

export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
}

export interface TrafficStatistics {
  readonly count: number
  readonly open: number
  /** Per second, over the last 1, 5 and 15 minutes. */
  readonly rate1: number
  readonly rate5: number
  readonly rate15: number
  /** Milliseconds. */
  readonly duration: Percentiles
}

/** `GET /status` */
export interface InspectorStatus {
  readonly version: string
  readonly state: 'idle' | 'connecting' | 'online' | 'reconnecting' | 'draining' | 'closed'
  readonly server: string
  readonly serverVersion: string | null
  readonly node: string | null
  readonly rttMs: number | null
  readonly carriers: readonly { readonly number: number; readonly rttMs: number | null }[]
  readonly tunnels: readonly TunnelInspection[]
  /** Where the time of the last minute's requests went, milliseconds on average; null: there were none. */
  readonly timeSpent: { readonly sending: number; readonly waiting: number; readonly receiving: number } | null
  /** One sentence that says what makes requests slow, or that nothing does. */
  readonly verdict: string
  readonly capture: CaptureStatus
}

export interface TunnelInspection {
  readonly name: string
  readonly kind: 'tcp' | 'tls' | 'http'
  readonly publicUrl: string | null
  readonly upstream: string
  readonly inspected: boolean
  readonly problem: string | null
  readonly bytesIn: number
  readonly bytesOut: number
  readonly connections: TrafficStatistics
  readonly requests: TrafficStatistics
}

/** `POST /tunnels`, answered by a `TunnelInspection`: beside these, the keys that a tunnel may have in uniroute.yml. */
export interface TunnelStart {
  readonly name: string
  readonly kind: 'tcp' | 'tls' | 'http'
  readonly upstream: string | number
  readonly [key: string]: unknown
}

export interface CaptureStatus {
  readonly exchanges: number
  readonly bytes: number
  readonly limitBytes: number
  readonly bodyLimitBytes: number
  /** Exchanges that made room for newer ones. */
  readonly forgotten: number
  /** Bytes that came faster than they could be read, and were not looked at. */
  readonly missedBytes: number
  readonly canReveal: boolean
  /** Where exchanges are kept across restarts; null: they are not. */
  readonly store: string | null
}

/**
 * `GET /events` (server-sent events): `exchange` for new and changed ones, many in one, at most ten times a second, each
 * as it is in that moment; `connection` likewise; `status` at once and then every second; `cleared` when all were
 * forgotten. What happened while a reader was away it finds in the lists.
 */
export interface InspectorEvents {
  readonly exchange: readonly ExchangeSummary[]
  readonly connection: readonly ConnectionSummary[]
  readonly status: InspectorStatus
  readonly cleared: Record<string, never>
}

/** Saved requests with their answers, to be run again. */
export interface SuiteSummary {
  readonly name: string
  readonly requests: number
  readonly savedAt: string
}

/** `GET /suites` */
export interface SuiteList {
  readonly suites: readonly SuiteSummary[]
}

/** `POST /suites/NAME/run`: where to (default: the upstreams of the tunnels that they were captured from). */
export interface SuiteRunRequest {
  readonly tunnel?: string
  readonly upstream?: string
  /** Fields that do not count, beside those that always differ. */
  readonly ignoredFields?: readonly string[]
  /** JSON Pointers whose values do not count; `*` is any key or index. */
  readonly ignoredPointers?: readonly string[]
}

/** `POST /suites/NAME/run` */
export interface SuiteRun {
  readonly name: string
  readonly same: number
  readonly different: number
  readonly failed: number
  readonly results: readonly SuiteResult[]
}

export interface SuiteResult {
  readonly method: string
  readonly target: string
  readonly exchange: ExchangeSummary | null
  readonly diff: ExchangeDiff | null
  /** Why there is no answer. */
  readonly problem: string | null
  /** As that of `ReplayResult`. */
  readonly omitted: readonly string[]
}

/** Every answer from 400 on: RFC 9457, with our code. */
export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
}
