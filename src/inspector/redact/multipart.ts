import { isSecretName } from './names.js'
import { REDACTED } from './shapes.js'

const BOUNDARY = /(?:^|\n)(--[^\r\n]{1,200})\r?\n/
const END_OF_HEAD = /\r?\n\r?\n/
const DISPOSITION = /^content-disposition:([^\r\n]*)/im
const NAME = /;[\t ]*name\*?=(?:"([^"]*)|([^;]*))/gi
const TYPE = /^content-type:[\t ]*([^\s;]*)/im

/**
 * Replaces the content of those parts of a multipart body (RFC 2046 §5.1, RFC 7578) whose name is one of a secret, and lets
 * `redact` see to all others. Returns `text` itself when there is nothing to replace.
 */
export function redactMultipart(text: string, redact: (content: string, mediaType: string) => string): string {
  const boundary = BOUNDARY.exec(text)?.[1]
  if (boundary === undefined) return text
  const parts = text.split(boundary)
  let changed = false
  for (let i = 1; i < parts.length; i++) {
    const redacted = redactPart(parts[i]!, redact)
    changed ||= redacted !== parts[i]
    parts[i] = redacted
  }
  return changed ? parts.join(boundary) : text
}

function redactPart(part: string, redact: (content: string, mediaType: string) => string): string {
  const blank = END_OF_HEAD.exec(part)
  if (blank === null) return part
  const head = part.slice(0, blank.index).replace(/\r?\n[\t ]+/g, ' ')
  const start = blank.index + blank[0].length
  // The line break in front of a boundary is a part of that.
  const end = Math.max(start, part.length - (/\r?\n$/.exec(part.slice(-2))?.[0].length ?? 0))
  const content = part.slice(start, end)
  const type = TYPE.exec(head)?.[1]?.toLowerCase() ?? 'text/plain'
  const redacted = isSecretPart(head) ? REDACTED : redact(content, type)
  return redacted === content ? part : part.slice(0, start) + redacted + part.slice(end)
}

function isSecretPart(head: string): boolean {
  const disposition = DISPOSITION.exec(head)?.[1] ?? ''
  // `name*=utf-8''token` (RFC 8187), and what stands in quotes that are none
  const names = [...disposition.matchAll(NAME)].map(([, quoted, bare]) => quoted ?? bare!.replace(/'$/, ''))
  return names.some((name) => isSecretName(name.slice(name.lastIndexOf("'") + 1).trim(), 'body'))
}
