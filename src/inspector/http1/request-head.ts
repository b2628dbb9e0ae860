import { decimal } from '../../core/http-fields.js'
import type { RawHeaders } from '../../proxy/http/api.js'
import { listOf, parseFields, valueOf, valuesOf } from '../../proxy/http/fields.js'
import { OBSERVED } from './observed.js'
import { upgradeOf } from '../../proxy/http/sticky.js'
import type { BodyFraming } from './body.js'

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) (HTTP\/1\.[01])$/

/** The head of a request as it was written. */
export interface WrittenRequestHead {
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly host: string
  readonly fields: RawHeaders
  /** The lines that they were read from. */
  readonly section: string
  readonly body: BodyFraming
  /** It asks for another protocol: what follows depends on the answer. */
  readonly asksForOther: boolean
}

/**
 * Reads the head of a request; `text` is latin1, without the empty line. The server has checked it: this one only tells
 * where it ends. Null: it is none. Throws ProtocolError when its fields cannot be read.
 */
export function readRequestHead(text: string): WrittenRequestHead | null {
  const lineEnd = text.indexOf('\r\n')
  const match = REQUEST_LINE.exec(lineEnd < 0 ? text : text.slice(0, lineEnd))
  if (match === null) return null
  const section = sectionOf(text)
  const fields = parseFields(section, OBSERVED)
  const method = match[1]!
  return {
    method,
    target: match[2]!,
    protocol: match[3]!,
    host: valueOf(fields, 'host') ?? '',
    fields,
    section,
    body: framingOf(fields),
    asksForOther: method === 'CONNECT' || upgradeOf(fields) !== null,
  }
}

/** The lines of fields in the text of a head, of an answer too. */
export function sectionOf(head: string): string {
  const lineEnd = head.indexOf('\r\n')
  return lineEnd < 0 ? '' : head.slice(lineEnd + 2)
}

function framingOf(fields: RawHeaders): BodyFraming {
  if (listOf(fields, 'transfer-encoding').includes('chunked')) return 'chunked'
  const lengths = valuesOf(fields, 'content-length')
  if (lengths.length === 0) return 0
  const bytes = decimal(lengths[0]!)
  if (bytes === null || !lengths.every((length) => length === lengths[0])) {
    throw OBSERVED.wrong('its Content-Length is no number')
  }
  return bytes
}

/** Whether bytes look like the beginning of a request. */
export function looksLikeRequest(bytes: Buffer): boolean {
  return BEGINNING.test(bytes.toString('latin1', 0, 40))
}

const BEGINNING = /^[A-Z][A-Z-]{2,19} (?:\/|\*|https?:)/
