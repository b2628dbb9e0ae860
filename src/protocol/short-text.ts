/** With up to three bytes a character this fits the smallest message, the header of a stream. */
const MAX_CHARACTERS = 2_000

/**
 * The text of an error as it goes into a message: errors quote names and certificates of any length, and a message that
 * is too large cannot be sent at all.
 */
export function shortText(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1)}…`
}
