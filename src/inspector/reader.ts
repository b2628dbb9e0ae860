import type { RawHeaders } from '../proxy/http/api.js'
import type { Exchange, TimelineEntry } from './exchange.js'
import type { InflationBudget } from './record/inflation-budget.js'

/** Which way bytes go. */
export type Direction = 'to-upstream' | 'to-visitor'

/**
 * Reads one connection to the upstream, byte by byte as they passed, and makes exchanges of what it reads. It throws for
 * no input, and keeps within bounds: what it cannot read becomes the `problem` of an exchange. Times are milliseconds of
 * one monotonic clock. Bytes are valid only until the call returns.
 */
export interface ConnectionReader {
  toUpstream(bytes: Buffer, atMs: number): void
  toVisitor(bytes: Buffer, atMs: number): void
  /** So many bytes passed here that were not copied: the reader said that it needs none of them, or there was no time. */
  missed(direction: Direction, bytes: number, atMs: number): void
  /** Nothing more comes in this direction, in good order. */
  end(direction: Direction, atMs: number): void
  /** The connection is over, once and last. `problem`: why it was cut; null: in good order. */
  close(problem: string | null, atMs: number): void
}

/** What a reader makes exchanges with. */
export interface ExchangeSink {
  /** A request began whose head is whole. */
  begin(head: RequestHead): ExchangeWriter
  /**
   * The next `bytes` of this direction, counted from behind the bytes that the reader is being given, are not needed
   * (Infinity: none ever again). They may come all the same; those that do not are told by `missed`.
   */
  skip(direction: Direction, bytes: number): void
}

export interface RequestHead {
  readonly method: string
  /** As the request line, or `:path`, has it. */
  readonly target: string
  readonly host: string
  /** `HTTP/1.1`, `HTTP/2.0` */
  readonly protocol: string
  /** Names and values in turn, as they were written. */
  readonly fields: RawHeaders
  /** The lines that `fields` were read from, latin1; left out: there are none. */
  readonly section?: string
  /** Content codings that the body has, in the order in which they were applied. Left out: those that the fields name. */
  readonly codings?: readonly string[]
  /** When its first byte came. */
  readonly startedAtMs: number
}

export interface AnswerHead {
  readonly status: number
  readonly reason: string
  /** Names and values in turn, as they were written. */
  readonly fields: RawHeaders
  /** As those of a request. */
  readonly section?: string
  readonly codings?: readonly string[]
}

/**
 * Writes one exchange: counts, redacts, and keeps what there is room for. Nothing of what it is given is kept by
 * reference. Calls after the end of the exchange, and after its end was told already, do nothing.
 */
export interface ExchangeWriter {
  readonly exchange: Exchange
  /** False: of the body only the number of bytes counts from here on (`requestBytes`, `answerBytes`). */
  readonly wantsRequest: boolean
  readonly wantsAnswer: boolean
  /** False: of messages only their number counts from here on; none of their bytes is needed. */
  readonly wantsMessages: boolean
  /** What bounds how much of messages is decompressed. */
  readonly inflation: InflationBudget
  /** Bytes of the request's body, without transfer coding. */
  requestBody(bytes: Buffer, atMs: number): void
  /** So many bytes of it passed, and were not seen; also, behind it, of a protocol that was agreed on. */
  requestBytes(bytes: number, atMs: number): void
  /** The request is whole. */
  requestEnd(trailers: RawHeaders, atMs: number): void
  /** The head of the answer (no interim one: not 1xx but 101). */
  answer(head: AnswerHead, atMs: number): void
  answerBody(bytes: Buffer, atMs: number): void
  answerBytes(bytes: number, atMs: number): void
  /** The answer is whole; the exchange is `done` with it once the request is whole too, or is `cut`. */
  answerEnd(trailers: RawHeaders, atMs: number): void
  /** What the exchange turned out to be. */
  is(kind: Exchange['kind']): void
  /** One more message of the timeline. */
  message(message: TimelineMessage, atMs: number): void
  /** The reader takes so much more memory (or less) for messages that are not whole yet. The end of the exchange ends that. */
  holds(addedBytes: number): void
  /** What the reader does when the exchange is not kept any more: it lets go of what it holds for it. */
  whenForgotten(letGo: () => void): void
  /** Something in it could not be read; it goes on. The first one is kept. */
  problem(text: string): void
  /** It ends without its end. */
  cut(problem: string, atMs: number): void
}

/** What a reader tells of a message; the writer numbers it, and keeps of its payload what there is room for. */
export interface TimelineMessage extends Pick<TimelineEntry, 'direction' | 'kind' | 'label' | 'problem'> {
  /** Decoded, or its first bytes. */
  readonly payload: Buffer
  /** All that came, kept or not. Default: as long as the payload. */
  readonly bytes?: number
  /** The payload is not all of it. */
  readonly isPart?: boolean
}
