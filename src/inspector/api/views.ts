import type { LoggedConnection } from '../connection-log.js'
import type {
  BodyInfo,
  ConnectionSummary,
  ExchangeDetail,
  ExchangeSummary,
  Field,
  MessagePart,
  TimelineMessage,
  Timing,
} from '../contract.js'
import type { Exchange, KeptField, Message, TimelineEntry } from '../exchange.js'
import { contentType, decodeBody } from '../files/body.js'
import type { GrpcDescription } from '../grpc/describer.js'

/** An exchange as a row of a list. */
export function summaryOf(exchange: Exchange): ExchangeSummary {
  const { request, response } = exchange
  return {
    id: exchange.id,
    kind: exchange.kind,
    state: exchange.state,
    tunnel: exchange.tunnel,
    visitor: exchange.visitor,
    startedAt: new Date(exchange.startedAt).toISOString(),
    method: exchange.method,
    target: exchange.target,
    host: exchange.host,
    protocol: exchange.protocol,
    status: response?.status ?? null,
    reason: response?.reason ?? '',
    timing: timingOf(exchange),
    requestBytes: request.bytes,
    responseBytes: response?.bytes ?? 0,
    requestType: contentType(request.fields).mediaType,
    responseType: response === null ? '' : contentType(response.fields).mediaType,
    messages: exchange.messages,
    problem: exchange.problem,
    requestId: exchange.requestId,
    replayOf: exchange.replayOf,
  }
}

/** An exchange with its fields, and what its bodies are. */
export function detailOf(exchange: Exchange): ExchangeDetail {
  const { id, request, response } = exchange
  return {
    ...summaryOf(exchange),
    request: partOf(id, 'request', request),
    response: response === null ? null : partOf(id, 'response', response),
  }
}

/** A connection as a row of a list. */
export function connectionOf(connection: LoggedConnection): ConnectionSummary {
  return { ...connection, startedAt: new Date(connection.startedAt).toISOString() }
}

/** One entry of a timeline; what is text in it as text. */
export function messageOf(entry: TimelineEntry): TimelineMessage {
  const { number, atMs, direction, kind, bytes, label, payload, truncated, problem } = entry
  const text = TEXT_KINDS.has(kind) ? textOf(payload) : null
  const base64 = text === null ? payload.toString('base64') : null
  return { number, atMs: rounded(atMs), direction, kind, bytes, label, text, base64, truncated, problem }
}

/** A gRPC message with what is known of it. */
export function grpcMessageOf(entry: TimelineEntry, { type, json }: GrpcDescription): TimelineMessage {
  const message = messageOf(entry)
  return json === null ? message : { ...message, label: type || message.label, text: json, base64: null }
}

/** Who is asked to reveal a field: `ID.PART.NUMBER`, such as `00…01.request.3`; trailers count on after the fields. */
export interface SecretPlace {
  readonly id: string
  readonly part: 'request' | 'response'
  readonly number: number
}

/** Reads what `Field.secret` has; null: it is none. */
export function parseSecretPlace(text: string): SecretPlace | null {
  const [, id = '', part, number] = /^([0-9a-f]{16})\.(request|response)\.(\d{1,4})$/.exec(text) ?? []
  return part === undefined ? null : { id, part: part as SecretPlace['part'], number: Number(number) }
}

const TEXT_KINDS: ReadonlySet<TimelineEntry['kind']> = new Set(['text', 'event', 'close'])

function textOf(payload: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload, { stream: true })
  } catch {
    return null
  }
}

function timingOf({ requestDoneMs, answeredMs, doneMs }: Exchange): Timing {
  const sent = Math.min(requestDoneMs ?? Infinity, answeredMs ?? Infinity)
  return {
    sendingMs: roundedOrNull(requestDoneMs),
    waitingMs: roundedOrNull(answeredMs === null ? null : answeredMs - sent),
    receivingMs: roundedOrNull(answeredMs === null || doneMs === null ? null : doneMs - answeredMs),
    totalMs: roundedOrNull(doneMs),
  }
}

function roundedOrNull(ms: number | null): number | null {
  return ms === null ? null : rounded(ms)
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function partOf(id: string, part: SecretPlace['part'], message: Message): MessagePart {
  const { fields, trailers } = message
  const fieldOf = ({ name, value, redacted, secret }: KeptField, number: number): Field => ({
    name,
    value,
    secret: secret === null ? null : `${id}.${part}.${number}`,
    redacted,
  })
  return {
    fields: fields.map(fieldOf),
    trailers: trailers.map((field, i) => fieldOf(field, fields.length + i)),
    body: bodyOf(message),
  }
}

function bodyOf(message: Message): BodyInfo {
  const { text, problem } = decodeBody(message)
  return {
    bytes: message.bytes,
    kept: message.body.reduce((sum, { length }) => sum + length, 0),
    mediaType: contentType(message.fields).mediaType,
    codings: message.codings,
    text: text !== null,
    redacted: message.redacted,
    problem: message.problem ?? problem,
  }
}
