import { printable } from '../core/printable.js'

/** Characters of what an agent says that a log line or an answer may have. */
const MAX_SHOWN = 300

/** What an agent says, for a log line or an answer: it may be long. */
export function clip(text: string): string {
  return printable(text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`)
}
