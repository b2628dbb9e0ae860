import type { RawHeaders } from '../../proxy/http/api.js'
import type { KeptField } from '../exchange.js'
import { redactCookies, redactCredentials, redactSetCookie } from './credentials.js'
import { looksLikeJson, redactJson } from './json.js'
import { parseJsonPath, type JsonPath } from '../../core/json-path.js'
import { redactMultipart } from './multipart.js'
import { isSecretName } from './names.js'
import { redactProtocols } from './protocols.js'
import { redactQuery, redactTarget } from './query.js'
import { REDACTED, redactBasic, redactShapes } from './shapes.js'

export interface RedactOptions {
  /** Names of more fields whose values are secrets; in any case. */
  readonly headers: readonly string[]
  /** Paths as `parseJsonPath` reads them; others are left out. */
  readonly jsonPaths: readonly string[]
  /** Keep what is redacted in fields beside it. */
  readonly reveal: boolean
}

/** Takes secrets out of what is about to be kept. Pure; texts are latin1, so that each byte is one character. */
export class Redactor {
  readonly reveal: boolean
  readonly #headers: ReadonlySet<string>
  readonly #paths: readonly JsonPath[]

  constructor({ headers, jsonPaths, reveal }: RedactOptions) {
    this.reveal = reveal
    this.#headers = new Set(headers.map((name) => name.toLowerCase()))
    this.#paths = jsonPaths.map(parseJsonPath).filter((path) => path !== null)
  }

  /** `raw`: names and values in turn. What comes back may hold the memory that its strings were cut out of. */
  fields(raw: RawHeaders): KeptField[] {
    const kept: KeptField[] = []
    for (let i = 0; i + 1 < raw.length; i += 2) kept.push(this.field(raw[i]!, raw[i + 1]!))
    return kept
  }

  /** Whether there is nothing to redact. */
  areHarmless(raw: RawHeaders): boolean {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const value = raw[i + 1]!
      if (this.#value(raw[i]!, value) !== value) return false
    }
    return true
  }

  field(name: string, value: string): KeptField {
    const redacted = this.#value(name, value)
    const isRedacted = redacted !== value
    return { name, value: redacted, redacted: isRedacted, secret: isRedacted && this.reveal ? value : null }
  }

  /** A request target. */
  target(target: string): string {
    return redactTarget(target)
  }

  /** Whom a request is for: `HOST:PORT`. */
  host(host: string): string {
    return host.includes('@') ? this.text(`//${host}`.replace(USER, `$1${REDACTED}@`).slice(2)) : this.text(host)
  }

  /** Any other short text that was captured: a method, a reason, the name of an event. */
  text(text: string): string {
    return redactShapes(redactBasic(text))
  }

  /** Fields that stand as lines in the bytes of a message, as the trailers of gRPC-Web. */
  lines(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1')
    const redacted = text.replace(
      LINE,
      (_, name: string, value: string) => `${name}:${this.#value(name.trim(), value)}`,
    )
    return redacted === text ? bytes : Buffer.from(redacted, 'latin1')
  }

  /** A decoded body or message, or its first bytes. Returns `bytes` itself when there is no secret in it. */
  body(bytes: Buffer, mediaType: string): Buffer {
    const text = bytes.toString('latin1')
    const redacted = this.#text(text, mediaType)
    return redacted === text ? bytes : Buffer.from(redacted, 'latin1')
  }

  #text(text: string, mediaType: string, depth = 0): string {
    const plain = redactShapes(text)
    if (mediaType === 'application/x-www-form-urlencoded') return redactQuery(plain)
    if (mediaType.startsWith('multipart/') && depth < MAX_NESTED) {
      return redactMultipart(plain, (part, type) => this.#text(part, type, depth + 1))
    }
    if (JSON_TYPE.test(mediaType) || looksLikeJson(plain)) return redactJson(plain, this.#paths)
    const isForm = (mediaType === '' || mediaType === 'text/plain') && LOOKS_LIKE_FORM.test(plain)
    return isForm ? redactQuery(plain) : plain
  }

  #value(name: string, value: string): string {
    if (value === '') return value
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') return this.host(value)
        break
      case 6:
        if (name.toLowerCase() === 'cookie') return redactCookies(value)
        break
      case 10:
        if (name.toLowerCase() === 'set-cookie') return redactSetCookie(value, redactShapes)
        break
      case 22:
        if (name.toLowerCase() === 'sec-websocket-protocol') return redactProtocols(value)
        break
    }
    if (isSecretName(name, 'header')) return redactCredentials(value)
    if (this.#headers.size > 0 && this.#headers.has(name.toLowerCase())) return REDACTED
    const plain = redactBasic(value)
    if (/^[[{]/.test(plain)) return redactJson(redactShapes(plain), this.#paths)
    return /[?#%]/.test(plain) ? redactTarget(plain) : redactShapes(plain)
  }
}

const JSON_TYPE = /[/+](?:x-)?(?:nd)?json(?:-|l|$)|^text\/event-stream$|^application\/grpc/
/** How deep parts of parts of a multipart body are looked into. */
const MAX_NESTED = 3
/** Before a host, with a password or a token for a name. */
const USER = /^(\/\/)[^/]*@/
const LINE = /^([^\r\n:]{1,256}):([^\r\n]*)/gm
/** Of programs that do not say what they send. */
const LOOKS_LIKE_FORM = /^[\w.[\]%+-]{1,256}=\S*\s*$/

/** The same text in memory of its own, if it is latin1, as heads are: a piece of a head holds all of the head. */
export function copied(text: string): string {
  return /[^\0-\xff]/.test(text) ? text : Buffer.from(text, 'latin1').toString('latin1')
}
