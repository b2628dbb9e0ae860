import { printable } from '../../core/printable.js'

/**
 * One word for a shell, whatever is in it. What a terminal would take for a command (control characters, overrides of
 * the direction of text) is written as an escape, which bash, zsh and ksh know (`$'…'`). Throws RangeError for U+0000,
 * which no argument can have.
 */
export function shellQuote(word: string): string {
  if (word.includes('\0')) throw new RangeError('an argument cannot have a NUL')
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (isPlain(word)) return `'${word.replace(/'/g, "'\\''")}'`
  return `$'${[...word].map(escaped).join('')}'`
}

/** As `shellQuote`, for the value of a field: each of its characters is one byte (RFC 9110 §5.5). */
export function shellQuoteBytes(word: string): string {
  if (/^[\x20-\x7e]*$/.test(word)) return shellQuote(word)
  return `$'${[...word].map((character) => (character > '\x7e' ? hexBytes(Buffer.from(character, 'latin1')) : escaped(character))).join('')}'`
}

function isPlain(text: string): boolean {
  return printable(text) === text
}

function escaped(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`
  if (character === '\n') return '\\n'
  return isPlain(character) ? character : hexBytes(Buffer.from(character))
}

// Three digits at most are read, so what follows is never taken for more of it.
function hexBytes(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
