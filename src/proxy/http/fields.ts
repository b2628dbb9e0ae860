import { isField, isFieldName } from '../../core/http-fields.js'
import type { RawHeaders } from './api.js'
import type { MessageSource } from './message-source.js'

/** A section that nobody has to look at twice: of names and values as they should be, none of them folded. */
const PLAIN_SECTION = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*(?:\r\n|$))*$/

/**
 * The fields in lines that are separated by CRLF; lines that go on with a space (obs-fold, RFC 9112 §5.2) are put
 * together where the source may send them. Throws what it says of malformed messages.
 */
export function parseFields(text: string, source: MessageSource): string[] {
  if (PLAIN_SECTION.test(text)) return splitFields(text)
  if (source.stray.test(text)) throw source.wrong('a control character stands in a field')
  const fields: string[] = []
  let at = 0
  while (at < text.length) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const first = text.charCodeAt(at)
    if (first === SPACE || first === TAB) {
      if (!source.folds) throw source.wrong('a field goes on in a line of its own')
      if (fields.length === 0) throw source.wrong('the first field begins with a space')
      fields.push(`${fields.pop() ?? ''} ${trimmed(text, at, end)}`)
    } else {
      const colon = text.indexOf(':', at)
      if (colon < 0 || colon > end) throw source.wrong('a line has no colon')
      const name = text.slice(at, colon)
      if (!isFieldName(name)) throw source.wrong('a field has no valid name')
      fields.push(name, trimmed(text, colon + 1, end))
    }
    at = end + 2
  }
  return fields
}

function splitFields(text: string): string[] {
  const fields: string[] = []
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(':', at)
    const line = text.indexOf('\r\n', colon)
    const end = line < 0 ? text.length : line
    fields.push(text.slice(at, colon), trimmed(text, colon + 1, end))
    at = end + 2
  }
  return fields
}

const NONE: readonly string[] = []

/** The values of a field, in order. `name` in lower case. */
export function valuesOf(headers: RawHeaders, name: string): readonly string[] {
  let values: string[] | null = null
  for (let i = 0; i < headers.length; i += 2) if (isField(headers[i]!, name)) (values ??= []).push(headers[i + 1]!)
  return values ?? NONE
}

/** The first value of a field; undefined: it is not there. `name` in lower case. */
export function valueOf(headers: RawHeaders, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (isField(headers[i]!, name)) return headers[i + 1]
  return undefined
}

/** The members of a comma-separated list field, in lower case. */
export function listOf(headers: RawHeaders, name: string): readonly string[] {
  let members: string[] | null = null
  for (let i = 0; i < headers.length; i += 2) {
    if (isField(headers[i]!, name)) pushMembers((members ??= []), headers[i + 1]!.toLowerCase())
  }
  return members ?? NONE
}

function pushMembers(members: string[], list: string): void {
  for (let at = 0; at <= list.length;) {
    const comma = list.indexOf(',', at)
    const end = comma < 0 ? list.length : comma
    const member = trimmed(list, at, end)
    if (member !== '') members.push(member)
    at = end + 1
  }
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

/** Whether a character is a space or a tab (RFC 9110 §5.6.3). */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
