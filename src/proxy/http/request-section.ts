import { decimal, isField } from '../../core/http-fields.js'
import type { BodyLength, RawHeaders, Repeats } from './api.js'
import { listOf, parseFields, valueOf, valuesOf } from './fields.js'
import { malformed } from './host.js'
import { VISITOR } from './message-source.js'
import { upgradeOf } from './sticky.js'

/** What the header section of a request of HTTP/1.1 says, whatever its first line is. */
export interface RequestSection {
  readonly host: string
  /** Without Host. */
  readonly headers: RawHeaders
  readonly body: BodyLength
  readonly expectsContinue: boolean
  /** See `RequestHead.upgrade`. */
  readonly upgrade: string | null
  /** What `Connection` says of the connection. */
  readonly closes: boolean
  readonly keepsAlive: boolean
}

/**
 * Sections are remembered of heads up to so many characters, and so many strings: more is rare, and each connection keeps
 * one. The text of a section is a piece of its head, all of which it keeps in memory.
 */
const MOST_CHARACTERS = 4_096
const MOST_STRINGS = 128

/**
 * Reads the header sections of one connection's requests. Most clients send the same one with each request, and what it
 * says is then not found out again.
 */
export class RequestSections {
  #text: string | null = null
  #section: RequestSection | null = null
  #repeats: Repeats | null = null

  /** Of the section that was read last: what is known of requests with it; null: it was the first. */
  get repeats(): Repeats | null {
    return this.#repeats
  }

  /**
   * The section of a head from `start` on, latin1, without the line behind the last field. Throws ProtocolError UR_HTTP_MALFORMED for what is malformed
   * or can be read in two ways (RFC 9112 §3.2, §6.3, §11.2).
   */
  read(head: string, start: number): RequestSection {
    const text = head.slice(start)
    if (this.#section !== null && text === this.#text) {
      this.#repeats ??= { policy: null, prepared: null }
      return this.#section
    }
    this.#repeats = this.#text = this.#section = null
    const section = readSection(text)
    if (head.length > MOST_CHARACTERS || section.headers.length > MOST_STRINGS) return section
    this.#text = text
    this.#section = section
    return section
  }
}

function readSection(text: string): RequestSection {
  const fields = text === '' ? [] : parseFields(text, VISITOR)
  const hosts = valuesOf(fields, 'host')
  if (hosts.length !== 1) throw malformed(hosts.length === 0 ? 'it has no Host' : 'it has several values of Host')
  const connection = listOf(fields, 'connection')
  return {
    host: hosts[0]!,
    headers: withoutHost(fields),
    body: bodyOf(fields),
    expectsContinue: valueOf(fields, 'expect')?.toLowerCase() === '100-continue',
    upgrade: connection.includes('upgrade') ? upgradeOf(fields) : null,
    closes: connection.includes('close'),
    keepsAlive: connection.includes('keep-alive'),
  }
}

function bodyOf(fields: RawHeaders): BodyLength {
  const lengths = valuesOf(fields, 'content-length')
  const [length] = lengths
  if (valueOf(fields, 'transfer-encoding') === undefined) {
    if (length === undefined) return 'none'
    if (lengths.length > 1) throw malformed('it has several values of Content-Length')
    const bytes = decimal(length)
    if (bytes === null) throw malformed('its Content-Length is no number')
    return bytes
  }
  const codings = listOf(fields, 'transfer-encoding')
  if (length !== undefined) throw malformed('it has both Transfer-Encoding and Content-Length')
  if (codings.length !== 1 || codings[0] !== 'chunked') throw malformed('it has a Transfer-Encoding other than chunked')
  return 'unknown'
}

function withoutHost(fields: RawHeaders): string[] {
  const out: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    if (!isField(name, 'host')) out.push(name, fields[i + 1]!)
  }
  return out
}
