/** A flat list of HTTP fields: name, value, name, value… in the order of the message, as Node's `rawHeaders`. */
export type Fields = readonly string[]

/**
 * Fields that concern one connection and are never passed on, in lower case: those of RFC 9110 §7.6.1, and those that
 * are for a proxy. Beside them are all that a message names in its own `Connection`.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Whether `text` is the name of a field: a token (RFC 9110 §5.6.2). */
export function isFieldName(text: string): boolean {
  return text !== '' && consistsOf(text, IN_NAME)
}

/** Whether `text` may stand in a request line as its target (RFC 9112 §3.2), and ends where a space does. */
export function isTarget(text: string): boolean {
  return text !== '' && consistsOf(text, IN_TARGET)
}

/**
 * Whether `text` may stand in a message as the value of a field (RFC 9110 §5.5): no CR, LF, NUL or other control
 * character but the tab, and nothing above U+00FF, which has no byte of its own.
 */
export function isFieldValue(text: string): boolean {
  return consistsOf(text, IN_VALUE)
}

/** Expressions that say the same take twice the time, and each field of each message is looked at. */
function consistsOf(text: string, characters: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (characters[text.charCodeAt(i)] !== 1) return false
  return true
}

/** Which characters up to U+00FF an expression is true of: 1 for those. */
function charactersOf(expression: RegExp): Uint8Array {
  return Uint8Array.from({ length: 0x100 }, (_, code) => (expression.test(String.fromCharCode(code)) ? 1 : 0))
}

const IN_NAME = charactersOf(/[!#$%&'*+.^_`|~0-9A-Za-z-]/)
const IN_TARGET = charactersOf(/[\x21-\x7e\x80-\xff]/)
const IN_VALUE = charactersOf(/[\t\x20-\x7e\x80-\xff]/)

/** Whether two names are the same but for case; `lower` is in lower case. */
export function isField(name: string, lower: string): boolean {
  if (name.length !== lower.length) return false
  for (let i = 0; i < lower.length; i++) {
    const code = lower.charCodeAt(i)
    const other = name.charCodeAt(i)
    if (other !== code && (code < SMALL_A || code > SMALL_Z || (other | CASE) !== code)) return false
  }
  return true
}

const SMALL_A = 0x61
const SMALL_Z = 0x7a
/** What small letters have more than large ones. */
const CASE = 0x20

/** The value of the only field of that name (in lower case). Undefined when there is none; null when there are several. */
export function singleField(fields: Fields, lower: string): string | null | undefined {
  let found: string | undefined
  for (let i = 0; i < fields.length; i += 2) {
    if (!isField(fields[i] as string, lower)) continue
    if (found !== undefined) return null
    found = fields[i + 1]
  }
  return found
}

/** The values of all fields of that name (in lower case) as one list (RFC 9110 §5.3); undefined when there is none. */
export function listField(fields: Fields, lower: string): string | undefined {
  let list: string | undefined
  for (let i = 0; i < fields.length; i += 2) {
    if (isField(fields[i] as string, lower)) list = list === undefined ? fields[i + 1] : `${list}, ${fields[i + 1]}`
  }
  return list
}

/** The number that a text of up to 15 digits says, such as `Content-Length` (RFC 9110 §8.6); null: it says none. */
export function decimal(text: string): number | null {
  if (text.length === 0 || text.length > 15) return null
  let number = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0
    if (digit < 0 || digit > 9) return null
    number = 10 * number + digit
  }
  return number
}

const DIGIT_0 = 0x30
