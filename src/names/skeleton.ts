import { CONFUSABLES } from './confusables-table.js'

const table: ReadonlyMap<string, string> = read(CONFUSABLES)
/** No character of these has an entry of its own but 0, 1 and m. */
const PLAIN = /^[a-ln-z2-9_.-]*$/

/**
 * What a name in lower case looks like (UTS #39 §4, with capitals of the result in lower case): two names that may be
 * taken for each other have the same one. It is for comparison only.
 */
export function skeleton(name: string): string {
  if (PLAIN.test(name)) return name
  let looks = ''
  for (const character of name.normalize('NFD')) looks += table.get(character) ?? character
  return looks.normalize('NFD')
}

function read(text: string): Map<string, string> {
  const entries = new Map<string, string>()
  const character = (digits: string): number => parseInt(digits, 36)
  for (const group of text.split(' ')) {
    const [to = '', from = ''] = group.split(':')
    const prototype = String.fromCodePoint(...to.split('.').map(character))
    let code = 0
    for (const step of from.split(',')) entries.set(String.fromCodePoint((code += character(step))), prototype)
  }
  return entries
}
