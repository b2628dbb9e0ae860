import { isFieldName, isFieldValue, type Fields } from '../../../core/http-fields.js'

/**
 * The name of the first field that must not be written to another connection, as a CR, LF or NUL in it would end the
 * field or the head there, or a character has no byte; null when all are good. HTTP/2 can carry such fields; HTTP/1.1
 * parsers do not let them through. In a pseudo-header (`:path`) a space would end the request line's part as well.
 */
export function illegalField(fields: Fields): string | null {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    if (!isFieldValue(value)) return name
    if (name.startsWith(':') ? /[ \t]/.test(value) : !isFieldName(name)) return name
  }
  return null
}
