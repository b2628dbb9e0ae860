import { VERSION } from '../../core/version.js'
import type { TimelineEntry } from '../exchange.js'
import type { PlainField, RecordedMessage, Recording } from './recording.js'

/** A HAR 1.2 file. WebSocket messages are written as Chrome does; what else HAR has no place for, in `_uniroute`. */
export function writeHar(recordings: Iterable<Recording>): string {
  return [...harPieces(recordings)].join('')
}

/** The same piece by piece, so that it need not be in memory at once. */
export function* harPieces(recordings: Iterable<Recording>): Generator<string, void, undefined> {
  const creator = JSON.stringify({ name: 'uniroute', version: VERSION })
  yield `{"log":{"version":"1.2","creator":${creator},"entries":[`
  let between = '\n'
  for (const each of recordings) {
    yield between + JSON.stringify(entryOf(each))
    between = ',\n'
  }
  yield '\n]}}\n'
}

function entryOf(recording: Recording): object {
  const { startedAt, kind, tunnel, visitor, problem, timeline, sendingMs, waitingMs, receivingMs } = recording
  const known = [sendingMs, waitingMs, receivingMs].filter((ms) => ms !== null)
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: known.reduce((sum, ms) => sum + ms, 0),
    request: requestOf(recording),
    response: responseOf(recording),
    cache: {},
    timings: { send: sendingMs ?? -1, wait: waitingMs ?? -1, receive: receivingMs ?? -1 },
    ...(kind === 'websocket' && {
      _resourceType: 'websocket',
      _webSocketMessages: timeline.filter(({ kind }) => kind in OPCODES).map((entry) => messageOf(entry, startedAt)),
    }),
    _uniroute: { kind, tunnel, visitor, problem },
  }
}

function requestOf({ method, target, scheme, host, protocol, kind, request }: Recording): object {
  const { fields, body, bytes, text } = request
  // what a URL cannot have stands beside it
  const authority = URL.canParse(`http://${host}/`) ? host : 'localhost'
  const isPath = target.startsWith('/')
  const url = `${kind === 'websocket' ? scheme.replace('http', 'ws') : scheme}://${authority}${isPath ? target : '/'}`
  const [, query = ''] = target.split('?', 2)
  return {
    method,
    url,
    httpVersion: protocol,
    cookies: [],
    headers: fields,
    queryString: [...new URLSearchParams(query)].map(([name, value]) => ({ name, value })),
    headersSize: -1,
    bodySize: bytes,
    ...(body.length > 0 && {
      postData: {
        mimeType: valueOf(fields, 'content-type'),
        text: text ?? body.toString('base64'),
        ...(text === null && { _encoding: 'base64' }),
      },
    }),
    ...(!isPath && { _target: target }),
    ...own(request),
  }
}

function responseOf({ response, protocol }: Recording): object {
  if (response === null) {
    const content = { size: 0, mimeType: '' }
    const none = { status: 0, statusText: '', httpVersion: protocol, cookies: [], headers: [] }
    return { ...none, content, redirectURL: '', headersSize: -1, bodySize: -1 }
  }
  const { status, reason, fields, body, bytes, text } = response
  return {
    status,
    statusText: reason,
    httpVersion: protocol,
    cookies: [],
    headers: fields,
    content: {
      size: body.length,
      mimeType: valueOf(fields, 'content-type'),
      text: text ?? body.toString('base64'),
      ...(text === null && { encoding: 'base64' }),
    },
    redirectURL: valueOf(fields, 'location'),
    headersSize: -1,
    bodySize: bytes,
    ...own(response),
  }
}

function own({ trailers, codings, truncated }: RecordedMessage): object {
  return {
    ...(trailers.length > 0 && { _trailers: trailers }),
    ...(codings.length > 0 && { _codings: codings }),
    ...(truncated && { _truncated: true }),
  }
}

function valueOf(fields: readonly PlainField[], lower: string): string {
  return fields.find(({ name }) => name.toLowerCase() === lower)?.value ?? ''
}

const OPCODES: Partial<Record<TimelineEntry['kind'], number>> = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

function messageOf({ direction, kind, atMs, payload }: TimelineEntry, startedAt: number): object {
  return {
    type: direction === 'to-upstream' ? 'send' : 'receive',
    time: (startedAt + atMs) / 1000,
    opcode: OPCODES[kind],
    data: payload.toString(kind === 'text' ? 'utf8' : 'base64'),
  }
}
