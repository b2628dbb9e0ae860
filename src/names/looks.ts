import { skeleton } from './skeleton.js'
import { unicodeName } from './unicode-name.js'

/** What a host name looks like to people. One that breaks the rules, as it may in an old database, looks like itself. */
export function looksOf(host: string): string {
  try {
    return skeleton(unicodeName(host))
  } catch {
    return host
  }
}
