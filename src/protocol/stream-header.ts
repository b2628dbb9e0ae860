import type { Code } from '../core/error-codes.js'
import { UpstreamError } from '../core/errors.js'
import { decodeMessage, DelimitedReader, encodeDelimited } from './delimited.js'
import {
  AcceptResult,
  StreamAccept,
  StreamOpen,
  type MessageType,
  type StreamAcceptInit,
  type StreamOpenInit,
} from './messages.js'
import { shortText } from './short-text.js'

/** The largest header of a stream in bytes. */
export const MAX_STREAM_HEADER_BYTES = 8 * 1024

/** The first bytes of a stream that the server opens; the visitor's bytes follow at once. */
export function encodeStreamOpen(open: StreamOpenInit): Buffer {
  return encodeDelimited(StreamOpen, open)
}

/** The agent's first bytes back on a stream; the upstream's bytes follow. */
export function encodeStreamAccept(accept: StreamAcceptInit): Buffer {
  return encodeDelimited(StreamAccept, accept)
}

/** Reads the header at the front of a stream; what is behind it is passed on and not copied. */
class HeaderReader<Received> {
  readonly #type: MessageType<Received, never>
  readonly #reader: DelimitedReader
  #rest: Buffer | null = null

  protected constructor(type: MessageType<Received, never>) {
    this.#type = type
    this.#reader = new DelimitedReader(type.name, MAX_STREAM_HEADER_BYTES)
  }

  /**
   * The header once it is whole, null before. Afterwards `rest` holds what followed it in `slice`, and `push` must not
   * be called again. Throws ProtocolError (UR_PROTOCOL_TOO_LARGE above 8 KiB, UR_PROTOCOL_MESSAGE).
   */
  push(slice: Buffer): Received | null {
    this.#reader.push(slice)
    const body = this.#reader.next()
    if (body === null) return null
    this.#rest = this.#reader.takeRest()
    return decodeMessage(this.#type, body)
  }

  /** The bytes behind the header; empty when there are none yet. */
  get rest(): Buffer {
    return this.#rest ?? Buffer.alloc(0)
  }
}

/** The agent's reader of the header of a stream. */
export class StreamOpenReader extends HeaderReader<StreamOpen> {
  constructor() {
    super(StreamOpen)
  }
}

/** The server's reader of the agent's answer. */
export class StreamAcceptReader extends HeaderReader<StreamAccept> {
  constructor() {
    super(StreamAccept)
  }
}

const CODE_OF_RESULT: Readonly<Partial<Record<AcceptResult, Code>>> = {
  [AcceptResult.NO_SUCH_TUNNEL]: 'UR_NO_SUCH_TUNNEL',
  [AcceptResult.UPSTREAM_REFUSED]: 'UR_UPSTREAM_REFUSED',
  [AcceptResult.UPSTREAM_TIMED_OUT]: 'UR_UPSTREAM_TIMED_OUT',
  [AcceptResult.UPSTREAM_UNREACHABLE]: 'UR_UPSTREAM_UNREACHABLE',
  [AcceptResult.UPSTREAM_TLS_FAILED]: 'UR_UPSTREAM_TLS',
  [AcceptResult.AGENT_DRAINING]: 'UR_AGENT_DRAINING',
  [AcceptResult.AGENT_OVERLOADED]: 'UR_AGENT_OVERLOADED',
  [AcceptResult.UPSTREAM_NOT_FOUND]: 'UR_UPSTREAM_NOT_FOUND',
}

const RESULT_OF_CODE = new Map<Code, AcceptResult>(
  Object.entries(CODE_OF_RESULT).map(([result, code]) => [code, Number(result)]),
)

/** The server's view of an answer: null when the upstream is connected, otherwise why it is not. */
export function acceptError(accept: StreamAccept): UpstreamError | null {
  if (accept.result === AcceptResult.OK) return null
  const code = CODE_OF_RESULT[accept.result] ?? 'UR_UPSTREAM_UNREACHABLE'
  return new UpstreamError(code, accept.detail || `The agent answered ${AcceptResult[accept.result] ?? accept.result}.`)
}

/** The agent's answer for a failed dial. */
export function acceptOf(error: UpstreamError): StreamAcceptInit {
  return {
    result: RESULT_OF_CODE.get(error.code) ?? AcceptResult.UPSTREAM_UNREACHABLE,
    detail: shortText(error.message),
  }
}
