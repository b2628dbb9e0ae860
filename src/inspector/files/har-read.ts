import { ConfigError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import type { TimelineEntry } from '../exchange.js'
import { textOf } from './body.js'
import { Har, type HarEntry } from './har-schema.js'
import { JsonSyntaxError, parseWithPlace, type Place, placeOf } from './json-place.js'
import type { PlainField, RecordedMessage, Recording } from './recording.js'

/** Reads a HAR 1.2 file. Throws ConfigError UR_HAR_INVALID, which says the line, the column and the place in it. */
export function readHar(text: string, name: string): Recording[] {
  const whole = text.replace(/^\ufeff/, '')
  let value: unknown
  try {
    value = parseWithPlace(whole)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw invalid(name, error.place, `it is no JSON: ${error.message}`)
  }
  const result = Har.safeParse(value)
  if (result.success) return result.data.log.entries.map(recordingOf)
  const [issue] = result.error.issues
  const path = (issue?.path ?? []) as (string | number)[]
  throw invalid(name, placeOf(whole, path), `${pathText(path)}: ${wording(issue?.message ?? 'it is wrong')}`)
}

function invalid(name: string, { line, column }: Place, what: string): ConfigError {
  const where = `${name}, line ${line}, column ${column}`
  const todo = 'What to do: export the file again, as HAR 1.2'
  return new ConfigError('UR_HAR_INVALID', `${printable(where)}: ${printable(what)}. ${todo}`)
}

/** `log.entries[3].request.url` */
function pathText(path: readonly (string | number)[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
  return text.replace(/^\./, '') || 'the file'
}

// What zod says of a member that is not there.
function wording(message: string): string {
  return message.endsWith('received undefined') ? 'it is missing' : message
}

function recordingOf(entry: HarEntry): Recording {
  const { request, response, timings, _uniroute: own } = entry
  const url = new URL(request.url)
  const startedAt = Date.parse(entry.startedDateTime)
  const timeline = (entry._webSocketMessages ?? []).map((each, i) => messageOf(each, i + 1, startedAt))
  return {
    startedAt,
    kind: own?.kind ?? (timeline.length > 0 ? 'websocket' : 'http'),
    tunnel: own?.tunnel ?? '',
    visitor: own?.visitor ?? '',
    method: request.method,
    target: request._target ?? targetOf(request.url),
    scheme: url.protocol === 'https:' || url.protocol === 'wss:' ? 'https' : 'http',
    host: request.headers.find(({ name }) => name.toLowerCase() === 'host')?.value ?? url.host,
    protocol: protocolOf(request.httpVersion),
    request: requestOf(request),
    response:
      response.status === 0 ? null : { ...responseOf(response), status: response.status, reason: response.statusText },
    sendingMs: known(timings.send),
    waitingMs: known(timings.wait),
    receivingMs: known(timings.receive),
    timeline,
    problem: own?.problem ?? null,
  }
}

/** As it stands in the URL: a URL that is parsed has other characters escaped than the request had. */
function targetOf(url: string): string {
  return /^[^:]+:\/\/[^/?#]*([^#]*)/.exec(url)?.[1]?.replace(/^(?!\/)/, '/') ?? '/'
}

function known(ms: number): number | null {
  return ms < 0 ? null : ms
}

// Browsers write `h2`, `http/2.0` and `HTTP/2`.
function protocolOf(version: string): string {
  return /(^h2|2(\.0)?$)/i.test(version) ? 'HTTP/2.0' : /1\.0$/.test(version) ? 'HTTP/1.0' : 'HTTP/1.1'
}

function requestOf({ headers, postData, bodySize, ...own }: HarEntry['request']): RecordedMessage {
  const encoding = postData?._encoding ?? postData?.encoding
  const text = postData?.text ?? formText(postData)
  return recorded({ fields: headers, mimeType: postData?.mimeType ?? '', text, encoding, bodySize, own })
}

function responseOf({ headers, content, bodySize, ...own }: HarEntry['response']): RecordedMessage {
  const { mimeType, text = '', encoding } = content
  return recorded({ fields: headers, mimeType, text, encoding, bodySize, own })
}

// Some write the members of a form, and not the form.
function formText(postData: HarEntry['request']['postData']): string {
  const params = new URLSearchParams()
  for (const { name, value = '' } of postData?.params ?? []) params.append(name, value)
  return params.toString()
}

interface Given {
  readonly fields: readonly PlainField[]
  readonly mimeType: string
  readonly text: string
  readonly encoding: string | undefined
  readonly bodySize: number
  readonly own: Pick<HarEntry['request'], '_trailers' | '_codings' | '_truncated'>
}

function recorded({ fields, mimeType, text, encoding, bodySize, own }: Given): RecordedMessage {
  const body = Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8')
  const mediaType = mimeType.split(';', 1)[0]!.trim().toLowerCase()
  return {
    // pseudo-fields, which browsers write among the others
    fields: fields.filter(({ name }) => !name.startsWith(':')),
    trailers: own._trailers,
    body,
    text: encoding === 'base64' ? textOf(body, mediaType, '', own._truncated) : text,
    mediaType,
    codings: own._codings,
    bytes: own._truncated ? Math.max(bodySize, body.length) : body.length,
    truncated: own._truncated,
  }
}

type WebSocketMessage = NonNullable<HarEntry['_webSocketMessages']>[number]

const KINDS: Readonly<Record<number, TimelineEntry['kind']>> = { 1: 'text', 8: 'close', 9: 'ping', 10: 'pong' }

function messageOf({ type, time, opcode, data }: WebSocketMessage, number: number, startedAt: number): TimelineEntry {
  const kind = KINDS[opcode] ?? 'binary'
  const payload = Buffer.from(data, kind === 'text' ? 'utf8' : 'base64')
  return {
    number,
    atMs: Math.max(0, time * 1000 - startedAt),
    direction: type === 'send' ? 'to-upstream' : 'to-visitor',
    kind,
    bytes: payload.length,
    label: '',
    payload,
    truncated: false,
    problem: null,
  }
}
