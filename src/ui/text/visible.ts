/**
 * Captured text made safe to show: what would hide or reorder the text around it (controls, bidirectional and
 * invisible characters) is shown as its code point. Lone surrogates become U+FFFD.
 * @param lines keep tabs and line ends as they are
 */
export function visible(text: string, lines = false): string {
  const whole = SUSPICIOUS.test(text) ? text.replace(lines ? HIDDEN_IN_LINES : HIDDEN, mark) : text
  return whole.replace(/\p{Surrogate}/gu, '\ufffd')
}

/** The beginning of `text`, at most `length` UTF-16 units of it, made visible; `…` where something is missing. */
export function clipped(text: string, length: number): string {
  return text.length <= length ? visible(text) : `${visible(text.slice(0, length))}…`
}

function mark(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
}

/* eslint-disable no-control-regex -- control characters are the very subject */
const SUSPICIOUS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/
const HIDDEN = new RegExp(SUSPICIOUS, 'g')
const HIDDEN_IN_LINES =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
/* eslint-enable no-control-regex */
