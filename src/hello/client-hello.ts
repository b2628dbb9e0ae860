import { HelloReader, MalformedHello } from './hello-reader.js'
import { detectHttp } from './http-head.js'
import { detectProxyHeader } from './proxy-header.js'
import { normalizeServerName } from './server-name.js'

/** Most bytes, record headers included, that a ClientHello may take by default. */
export const MAX_HELLO_BYTES = 16 * 1024

const RECORD_HEADER = 5
const MAX_RECORD = 1 << 14
const HANDSHAKE_HEADER = 4
const CONTENT_HANDSHAKE = 22
const CLIENT_HELLO = 1
const EXTENSION_SERVER_NAME = 0
const EXTENSION_ALPN = 16
const EXTENSION_ECH = 0xfe0d
const HOST_NAME = 0

/** What a server must know of a ClientHello to choose who answers it. */
export interface ClientHello {
  /** Lower-cased host name, valid by RFC 6066 §3, or null if the client named none. */
  readonly sni: string | null
  /** RFC 7301 protocol names in the client's order, one character per byte, without GREASE values. */
  readonly alpn: readonly string[]
  /** The encrypted_client_hello extension is there: `sni` may be the outer, public name. Also true for a GREASE ECH. */
  readonly ech: boolean
}

/** What some first bytes of a connection are. Once it is not `need`, more bytes do not change it. */
export type ClientHelloResult =
  | { readonly kind: 'need' }
  | ({ readonly kind: 'hello' } & ClientHello)
  | { readonly kind: 'not-tls'; readonly http: boolean; readonly reason: string }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'invalid'; readonly reason: string }

const NEED: ClientHelloResult = { kind: 'need' }
const TOO_LONG: ClientHelloResult = { kind: 'too-long' }

/**
 * Reads a ClientHello (RFC 8446 §4.1.2, and the older versions of it) from the first bytes of a connection.
 * Pure; never throws; looks at `maxBytes` at most. The handshake message may lie in any number of records.
 */
export function parseClientHello(bytes: Uint8Array, maxBytes = MAX_HELLO_BYTES): ClientHelloResult {
  if (bytes.length === 0) return NEED
  if (bytes[0] !== CONTENT_HANDSHAKE) return notTls(bytes)
  const seen = bytes.length > maxBytes ? bytes.subarray(0, maxBytes) : bytes
  try {
    const message = collectHandshake(seen, maxBytes)
    if (message === 'too-long') return TOO_LONG
    if (message !== null) return { kind: 'hello', ...readBody(message) }
    return seen.length >= maxBytes ? TOO_LONG : NEED
  } catch (error) {
    if (error instanceof MalformedHello) return { kind: 'invalid', reason: error.message }
    throw error
  }
}

/** The body of the first handshake message, put together from its records (RFC 8446 §5.1); null when more must come. */
function collectHandshake(bytes: Uint8Array, maxBytes: number): Uint8Array | null | 'too-long' {
  const fragments: Uint8Array[] = []
  const header: number[] = []
  let collected = 0
  let total = Infinity
  for (let offset = 0; offset < bytes.length;) {
    const length = recordLength(bytes, offset)
    if (length === null) return null
    const start = offset + RECORD_HEADER
    const fragment = bytes.subarray(start, start + length)
    for (let at = 0; header.length < HANDSHAKE_HEADER && at < fragment.length; at++) header.push(fragment[at]!)
    if (header.length > 0 && header[0] !== CLIENT_HELLO) {
      throw new MalformedHello(`the first handshake message has type ${header[0]}, not client_hello`)
    }
    if (header.length === HANDSHAKE_HEADER) {
      total = HANDSHAKE_HEADER + ((header[1]! << 16) | (header[2]! << 8) | header[3]!)
      if (total + RECORD_HEADER > maxBytes) return 'too-long'
    }
    fragments.push(fragment)
    collected += fragment.length
    if (collected >= total) {
      const whole = fragments.length === 1 ? fragment : Buffer.concat(fragments, collected)
      return whole.subarray(HANDSHAKE_HEADER, total)
    }
    offset = start + length
  }
  return null
}

/** Length of the record at `offset`; null if its header is not complete. Each byte is judged as soon as it is there. */
function recordLength(bytes: Uint8Array, offset: number): number | null {
  const left = bytes.length - offset
  if (bytes[offset] !== CONTENT_HANDSHAKE) {
    throw new MalformedHello(`a record of type ${bytes[offset]} within the ClientHello`)
  }
  // The minor version must be ignored (RFC 8446 §5.1); a major one other than 3 was never TLS.
  if (left > 1 && bytes[offset + 1] !== 3) throw new MalformedHello(`record version ${bytes[offset + 1]}.x`)
  if (left < RECORD_HEADER) return null
  const length = (bytes[offset + 3]! << 8) | bytes[offset + 4]!
  if (length === 0) throw new MalformedHello('an empty handshake record')
  if (length > MAX_RECORD) throw new MalformedHello(`a record of ${length} bytes; the most is ${MAX_RECORD}`)
  return length
}

function readBody(body: Uint8Array): ClientHello {
  const reader = new HelloReader(body)
  const major = reader.u8('legacy_version')
  if (major !== 3) throw new MalformedHello(`version ${major}.x in the ClientHello`)
  reader.skip(1 + 32, 'random')
  if (reader.vector8('legacy_session_id').length > 32)
    throw new MalformedHello('legacy_session_id longer than 32 bytes')
  const suites = reader.vector16('cipher_suites').length
  if (suites === 0 || suites % 2 !== 0) throw new MalformedHello(`cipher_suites of ${suites} bytes`)
  if (reader.vector8('legacy_compression_methods').length === 0) throw new MalformedHello('no compression method')

  const hello = { sni: null as string | null, alpn: [] as string[], ech: false }
  if (reader.left === 0) return hello
  const extensions = new HelloReader(reader.vector16('extensions'))
  if (reader.left > 0) throw new MalformedHello(`${reader.left} bytes after the extensions`)
  const seen = new Set<number>()
  while (extensions.left > 0) {
    const type = extensions.u16('extension type')
    const data = extensions.vector16('extension')
    if (seen.has(type)) throw new MalformedHello(`extension ${type} twice`)
    seen.add(type)
    if (type === EXTENSION_SERVER_NAME) hello.sni = readServerName(data)
    else if (type === EXTENSION_ALPN) hello.alpn = readAlpn(data)
    else if (type === EXTENSION_ECH) hello.ech = true
  }
  return hello
}

/** RFC 6066 §3. */
function readServerName(data: Uint8Array): string | null {
  const list = soleVector16(data, 'server_name')
  let sni: string | null = null
  while (list.left > 0) {
    const type = list.u8('name_type')
    const name = list.vector16('server name')
    if (type !== HOST_NAME) continue
    if (sni !== null) throw new MalformedHello('two host names in server_name')
    sni = normalizeServerName(name)
    if (sni === null) throw new MalformedHello('the host name in server_name is none')
  }
  return sni
}

/** RFC 7301 §3.1, without the GREASE values of RFC 8701 §2. */
function readAlpn(data: Uint8Array): string[] {
  const list = soleVector16(data, 'application_layer_protocol_negotiation')
  const names: string[] = []
  while (list.left > 0) {
    const name = list.vector8('protocol name')
    if (name.length === 0) throw new MalformedHello('an empty protocol name')
    if (!isGrease(name)) names.push(Buffer.from(name).toString('latin1'))
  }
  return names
}

function isGrease(name: Uint8Array): boolean {
  return name.length === 2 && name[0] === name[1] && (name[0]! & 0x0f) === 0x0a
}

/** A reader of the one 16-bit vector that an extension must consist of, which must not be empty. */
function soleVector16(data: Uint8Array, what: string): HelloReader {
  const reader = new HelloReader(data)
  const list = reader.vector16(what)
  if (list.length === 0) throw new MalformedHello(`an empty ${what} list`)
  if (reader.left > 0) throw new MalformedHello(`${reader.left} bytes after the ${what} list`)
  return new HelloReader(list)
}

function notTls(bytes: Uint8Array): ClientHelloResult {
  const http = detectHttp(bytes)
  if (http === 'yes') return { kind: 'not-tls', http: true, reason: 'plain HTTP' }
  const proxy = detectProxyHeader(bytes)
  if (proxy === 'yes') return { kind: 'not-tls', http: false, reason: 'a PROXY protocol header, not expected here' }
  if (http === 'maybe' || proxy === 'maybe') return NEED
  // SSLv2: two bytes of length with the top bit set, then message type 1 (RFC 5246 appendix E.2).
  if (bytes[0]! >= 0x80) {
    if (bytes.length < 3) return NEED
    if (bytes[2] === CLIENT_HELLO) return { kind: 'not-tls', http: false, reason: 'an SSLv2 ClientHello' }
  }
  const reason = `first byte 0x${bytes[0]!.toString(16).padStart(2, '0')}, not a TLS handshake record`
  return { kind: 'not-tls', http: false, reason }
}
