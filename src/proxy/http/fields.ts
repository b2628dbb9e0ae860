import type { RawHeaders } from './api.js'

/** A field name (RFC 9110 §5.6.2). */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Why the lines of a header or trailer section cannot be read. */
export class MalformedFields extends Error {}

/** Bytes that may stand nowhere in a section: NUL, and CR or LF that end no line. */
const STRAY = /\0|\r(?!\n)|(?<!\r)\n/

/**
 * The fields in lines that are separated by CRLF; lines that go on with a space (obs-fold, RFC 9112 §5.2) are put
 * together. Throws MalformedFields.
 */
export function parseFields(text: string): string[] {
  if (STRAY.test(text)) throw new MalformedFields('a control character stands in a field')
  const fields: string[] = []
  let at = 0
  while (at < text.length) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const first = text.charCodeAt(at)
    if (first === SPACE || first === TAB) {
      if (fields.length === 0) throw new MalformedFields('the first field begins with a space')
      fields.push(`${fields.pop() ?? ''} ${trimmed(text, at, end)}`)
    } else {
      const colon = text.indexOf(':', at)
      if (colon < 0 || colon > end) throw new MalformedFields('a line has no colon')
      const name = text.slice(at, colon)
      if (!TOKEN.test(name)) throw new MalformedFields('a field has no valid name')
      fields.push(name, trimmed(text, colon + 1, end))
    }
    at = end + 2
  }
  return fields
}

/** The values of a field, in order. `name` in lower case. */
export function valuesOf(headers: RawHeaders, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < headers.length; i += 2) if (isNamed(headers[i]!, name)) values.push(headers[i + 1]!)
  return values
}

/** The first value of a field; undefined: it is not there. `name` in lower case. */
export function valueOf(headers: RawHeaders, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (isNamed(headers[i]!, name)) return headers[i + 1]
  return undefined
}

const NONE: readonly string[] = []

/** The members of a comma-separated list field, in lower case. */
export function listOf(headers: RawHeaders, name: string): readonly string[] {
  if (valueOf(headers, name) === undefined) return NONE
  return valuesOf(headers, name).flatMap((value) =>
    value
      .toLowerCase()
      .split(',')
      .map((member) => member.trim())
      .filter((member) => member !== ''),
  )
}

function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && (name === wanted || name.toLowerCase() === wanted)
}

function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const SPACE = 0x20
const TAB = 0x09

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
