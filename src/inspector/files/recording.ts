import type { Exchange, KeptField, TimelineEntry } from '../exchange.js'
import { contentType, decodeBody, type DecodedBody } from './body.js'

/** Name and value, in the order of the message. */
export interface PlainField {
  readonly name: string
  readonly value: string
}

/** One request with what came back, apart from where it was captured: what a file has of it. */
export interface Recording {
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly kind: Exchange['kind']
  readonly tunnel: string
  readonly visitor: string
  readonly method: string
  readonly target: string
  /** `https`, if the visitor came by it. */
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly protocol: string
  readonly request: RecordedMessage
  readonly response: RecordedAnswer | null
  /** Null: not known. */
  readonly sendingMs: number | null
  readonly waitingMs: number | null
  readonly receivingMs: number | null
  readonly timeline: readonly TimelineEntry[]
  readonly problem: string | null
}

export interface RecordedMessage {
  readonly fields: readonly PlainField[]
  readonly trailers: readonly PlainField[]
  /** What was kept of it, with `codings` still in place. */
  readonly body: Buffer
  /** As text; null: it is none. */
  readonly text: string | null
  readonly mediaType: string
  readonly codings: readonly string[]
  /** As it was on the wire, all of it. */
  readonly bytes: number
  readonly truncated: boolean
}

export interface RecordedAnswer extends RecordedMessage {
  readonly status: number
  readonly reason: string
}

/** What a file is to have of an exchange: without secrets, with bodies decoded where they can be. */
export function recordingOf(exchange: Exchange): Recording {
  const { request, response, requestDoneMs, answeredMs, doneMs } = exchange
  const sent = Math.min(requestDoneMs ?? Infinity, answeredMs ?? Infinity)
  return {
    startedAt: exchange.startedAt,
    kind: exchange.kind,
    tunnel: exchange.tunnel,
    visitor: exchange.visitor,
    method: exchange.method,
    target: exchange.target,
    scheme: request.fields.some(isOverTls) ? 'https' : 'http',
    host: exchange.host,
    protocol: exchange.protocol,
    request: messageOf(request),
    response: response === null ? null : { ...messageOf(response), status: response.status, reason: response.reason },
    sendingMs: requestDoneMs,
    waitingMs: answeredMs === null ? null : answeredMs - sent,
    receivingMs: answeredMs === null || doneMs === null ? null : doneMs - answeredMs,
    timeline: exchange.timeline,
    problem: exchange.problem,
  }
}

function isOverTls({ name, value }: KeptField): boolean {
  return name.toLowerCase() === 'x-forwarded-proto' && value.toLowerCase() === 'https'
}

function messageOf(message: Exchange['request']): RecordedMessage {
  const { bytes: body, text, problem }: DecodedBody = decodeBody(message)
  return {
    fields: message.fields.map(plain),
    trailers: message.trailers.map(plain),
    body,
    // only what comes back from UTF-8 as it was
    text: text !== null && Buffer.from(text).equals(body) ? text : null,
    mediaType: contentType(message.fields).mediaType,
    codings: problem === null ? [] : message.codings,
    bytes: message.bytes,
    truncated: message.truncated,
  }
}

function plain({ name, value }: KeptField): PlainField {
  return { name, value }
}
