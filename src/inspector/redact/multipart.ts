import { isSecretName } from './names.js'
import { REDACTED } from './shapes.js'

const DISPOSITION = /^content-disposition:[^\r\n]*;[\t ]*name="?([^"\r\n;]*)/im

/**
 * Replaces the content of those parts of multipart/form-data (RFC 7578) whose name is one of a secret. Returns `text`
 * itself when there are none.
 */
export function redactMultipart(text: string): string {
  const boundary = /^\s*(--[^\r\n]{1,200})\r\n/.exec(text)?.[1]
  if (boundary === undefined) return text
  const parts = text.split(boundary)
  let changed = false
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i]!
    const content = part.indexOf('\r\n\r\n')
    if (content < 0) continue
    const name = DISPOSITION.exec(part.slice(0, content))?.[1]
    if (name === undefined || !isSecretName(name, 'body')) continue
    parts[i] = `${part.slice(0, content)}\r\n\r\n${REDACTED}${part.endsWith('\r\n') ? '\r\n' : ''}`
    changed = true
  }
  return changed ? parts.join(boundary) : text
}
