import { LimitError, ProtocolError } from '../../../core/errors.js'
import { decimal, isFieldName, isFieldValue } from '../../../core/http-fields.js'
import type { HeaderField } from '../../../http2/index.js'
import type { BodyLength, RequestHead } from '../api.js'
import { isBlank } from '../fields.js'
import { malformed } from '../host.js'

/** Fields of the connection, which HTTP/2 does not know (RFC 9113 §8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
/** Names that were found good of late: nearly all requests have the same few. */
const goodNames = new Set<string>()
const MOST_NAMES = 1_000
const LONGEST_NAME = 64
const COLON = 0x3a

/** The fields of a request, sorted out, and nothing decided yet. */
interface Sorted {
  method: string | null
  scheme: string | null
  path: string | null
  authority: string | null
  protocol: string | null
  host: string | null
  length: string | null
  expect: string | null
  /** All others, and `content-length` and `expect`. */
  readonly fields: string[]
}

/** The fields of a block; null: they are more than may be. */
type FieldList = readonly HeaderField[] | null

/**
 * The head of a request in neutral shape; `isWhole`: no body follows. Throws LimitError UR_HTTP_HEADER_TOO_LONG,
 * ProtocolError UR_HTTP_MALFORMED for what RFC 9113 §8 calls malformed, and UR_HTTP_METHOD for a CONNECT without
 * `:protocol` (RFC 8441).
 */
export function requestHead(list: FieldList, scheme: 'http' | 'https', isWhole: boolean): RequestHead {
  if (list === null) throw new LimitError('UR_HTTP_HEADER_TOO_LONG', 'The header section of the request is too long.')
  const sorted = sort(list)
  const { protocol, fields: headers } = sorted
  const version = '2'
  const method = sorted.method ?? ''
  if (!isFieldName(method)) throw malformed('its method is none')
  if (method === 'CONNECT' && protocol === null) refuseConnect(sorted)
  if (!SCHEME.test(sorted.scheme ?? '')) throw malformed('it has no :scheme')
  const target = targetOf(method, sorted.path ?? '')
  const authority = authorityOf(sorted)
  if (protocol === null) {
    const expectsContinue = sorted.expect !== null && sorted.expect.toLowerCase() === '100-continue'
    const body = bodyOf(sorted.length, isWhole)
    return { version, method, target, scheme, authority, headers, repeats: null, body, expectsContinue, upgrade: null }
  }
  if (method !== 'CONNECT') throw malformed('only CONNECT has :protocol')
  // HTTP/1.1 has lists in Upgrade, and what stood in one would be chosen by the upstream.
  if (!isFieldName(protocol)) throw malformed('its :protocol is not the name of one')
  // What comes is no body: an upstream that was told of one would take it from the next request.
  bodyOf(sorted.length, true)
  const upgraded = { method: 'GET', body: 'none', expectsContinue: false, upgrade: protocol } as const
  return { version, target, scheme, authority, headers, repeats: null, ...upgraded }
}

/** Trailers of a request, as they came; null: they are malformed. */
export function requestTrailers(list: readonly HeaderField[]): string[] | null {
  const trailers: string[] = []
  for (const [name, value] of list) {
    // RFC 9110 §6.5.1: a content-length says how the message is to be read.
    const isForbidden = name.charCodeAt(0) === COLON || name === 'content-length'
    if (isForbidden || problemOf(name, value) !== null) return null
    trailers.push(name, value)
  }
  return trailers
}

/** The size of a header section, 32 bytes for each field besides name and value (RFC 9113 §6.5.2). */
export function sizeOf(fields: FieldList): number {
  if (fields === null) return 0
  let size = 32 * fields.length
  for (const [name, value] of fields) size += name.length + value.length
  return size
}

function sort(list: readonly HeaderField[]): Sorted {
  const fields: string[] = []
  const sorted: Sorted = {
    method: null,
    scheme: null,
    path: null,
    authority: null,
    protocol: null,
    host: null,
    length: null,
    expect: null,
    fields,
  }
  for (const [name, value] of list) {
    if (name.charCodeAt(0) === COLON) {
      if (fields.length > 0 || sorted.host !== null)
        throw malformed('a pseudo-header field stands behind another field')
      takePseudo(sorted, name, value)
      continue
    }
    const problem = problemOf(name, value)
    if (problem !== null) throw malformed(problem)
    if (name === 'host') {
      if (sorted.host !== null) throw malformed('it has host twice')
      sorted.host = value
      continue
    }
    if (name === 'content-length') {
      if (sorted.length !== null) throw malformed('it has content-length twice')
      sorted.length = value
    } else if (name === 'expect') sorted.expect = value
    fields.push(name, value)
  }
  return sorted
}

/** RFC 9113 §8.3 */
function takePseudo(sorted: Sorted, name: string, value: string): void {
  const key = name.slice(1)
  switch (key) {
    case 'method':
    case 'scheme':
    case 'path':
    case 'authority':
    case 'protocol':
      if (sorted[key] !== null) throw malformed(`it has ${name} twice`)
      if (!PSEUDO_VALUE.test(value)) throw malformed(`${name} is not what it may be`)
      sorted[key] = value
      return
    default:
      throw malformed('it has a pseudo-header field that requests do not have')
  }
}

/** What is wrong with a field (RFC 9113 §8.2.1, §8.2.2); null: nothing. */
function problemOf(name: string, value: string): string | null {
  if (!goodNames.has(name)) {
    if (!isFieldName(name) || UPPER_CASE.test(name)) return 'the name of a field is none'
    if (OF_CONNECTION.has(name)) return `it has ${name}, which HTTP/2 does not know`
    remember(name)
  }
  if (!isFieldValue(value)) return 'a control character stands in a field'
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))) {
    return 'the value of a field begins or ends with a space'
  }
  return name === 'te' && value !== 'trailers' ? 'its te is not trailers' : null
}

function remember(name: string): void {
  if (name.length > LONGEST_NAME) return
  if (goodNames.size >= MOST_NAMES) goodNames.clear()
  goodNames.add(name)
}

/** RFC 9113 §8.5; never returns. */
function refuseConnect({ scheme, path, authority }: Sorted): never {
  if (scheme !== null || path !== null) throw malformed('CONNECT without :protocol has neither :scheme nor :path')
  if (authority === null) throw malformed('CONNECT has no :authority')
  throw new ProtocolError('UR_HTTP_METHOD', 'CONNECT is for proxies.')
}

function targetOf(method: string, path: string): string {
  if (!path.startsWith('/') && !(path === '*' && method === 'OPTIONS')) throw malformed('its path is no path')
  if (path.includes('#')) throw malformed('its path has a fragment')
  return path
}

function authorityOf({ authority, host }: Sorted): string {
  const named = authority ?? host
  if (named === null || named === '') throw malformed('it names no host')
  if (host !== null && host.toLowerCase() !== named.toLowerCase()) throw malformed('it names two hosts')
  return named
}

function bodyOf(length: string | null, isWhole: boolean): BodyLength {
  if (length === null) return isWhole ? 'none' : 'unknown'
  const bytes = decimal(length)
  if (bytes === null) throw malformed('its content-length is no number')
  if (isWhole && bytes > 0) throw malformed('its body is shorter than its content-length')
  return bytes
}

/** No spaces: they would end a part of HTTP/1.1's first line. */
const PSEUDO_VALUE = /^[\x21-\x7e\x80-\xff]*$/
const UPPER_CASE = /[A-Z]/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/
