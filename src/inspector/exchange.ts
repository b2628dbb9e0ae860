/** What the inspector keeps of one request and its answer. Times are milliseconds of one monotonic clock. */
export interface Exchange {
  /** 16 hex digits; later ones sort behind earlier ones. */
  readonly id: string
  kind: 'http' | 'sse' | 'websocket' | 'grpc'
  state: 'open' | 'done' | 'cut'
  readonly tunnel: string
  /** The visitor's address, without its port. */
  visitor: string
  /** When its first byte came, epoch milliseconds. */
  readonly startedAt: number
  method: string
  /** With the secrets of its query redacted. */
  target: string
  /** The whole target, if secrets are kept (`--inspect-reveal`) and it has one; never written to disk. */
  targetSecret: string | null
  host: string
  /** `HTTP/1.1`, `HTTP/2.0` */
  protocol: string
  requestId: string
  readonly request: Message
  /** Null: no answer has begun. */
  response: Answer | null
  /** Since `startedAt`; null: not yet. */
  requestDoneMs: number | null
  answeredMs: number | null
  doneMs: number | null
  /** In the order of their coming; the oldest are kept when there is no room for all. */
  readonly timeline: TimelineEntry[]
  /** All that came, kept or not. */
  messages: number
  problem: string | null
  /** A visitor sent it: it was neither replayed nor imported. */
  readonly byVisitor: boolean
  /** Id of the exchange of which it is a replay. */
  replayOf: string | null
}

export interface Message {
  readonly fields: readonly KeptField[]
  readonly trailers: readonly KeptField[]
  /** Estimated memory of both, bytes. */
  readonly fieldsCost: number
  /** The body's first bytes, without transfer coding, once it is over; owned by the exchange. Secrets are redacted. */
  readonly body: Buffer[]
  /** All that came, kept or not, as it was on the wire without transfer coding. */
  bytes: number
  /**
   * Content codings that `body` still has, in the order in which they were applied. A body in which something was
   * redacted is kept decoded, with none.
   */
  codings: readonly string[]
  /** `body` is not all of it: it is longer than what is kept, is not over yet, or was cut. */
  truncated: boolean
  /** Something in the body was redacted. */
  redacted: boolean
  /** Why the body, or some of it, could not be decoded or is not kept. */
  problem: string | null
}

export interface Answer extends Message {
  status: number
  reason: string
}

/** One header or trailer field; names as they were written. */
export interface KeptField {
  readonly name: string
  /** With `[redacted]` where a secret was. */
  readonly value: string
  /** Whether something in the value is redacted. */
  readonly redacted: boolean
  /** The whole value, if secrets are kept (`--inspect-reveal`) and it has one; never written to disk. */
  readonly secret: string | null
}

/** One WebSocket message, SSE event or gRPC message. */
export interface TimelineEntry {
  readonly number: number
  /** Since the exchange's `startedAt`. */
  readonly atMs: number
  readonly direction: 'to-upstream' | 'to-visitor'
  readonly kind: 'text' | 'binary' | 'ping' | 'pong' | 'close' | 'event' | 'grpc'
  /** All that came, kept or not. */
  readonly bytes: number
  readonly label: string
  /** First bytes, decompressed; owned by the entry. */
  readonly payload: Buffer
  readonly truncated: boolean
  readonly problem: string | null
}
