/**
 * Text from outside made safe to print: control characters (C0, DEL, C1) and bidirectional overrides become visible
 * escapes, so that no remote string can move the cursor, colour the screen or forge a log line. Lone surrogates
 * become U+FFFD.
 */
export function printable(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

// eslint-disable-next-line no-control-regex -- control characters are the very subject
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
