import { printable } from '../core/printable.js'

/** Characters of what an agent says that a log line may have. */
const MAX_LOGGED = 300

/** What an agent says, for a log line: it may be long. */
export function clip(text: string): string {
  return printable(text.length <= MAX_LOGGED ? text : `${text.slice(0, MAX_LOGGED)}…`)
}
