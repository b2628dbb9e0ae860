/** One step of a path: a member of this name, an element of this number, either of any name, or any number of those. */
type Step = { readonly name: string } | { readonly index: number } | 'any' | 'deep'
export type JsonPath = readonly Step[]

const STEP = /^(?:(\.\.)|\.?\[(?:(\d{1,9})|(\*)|'([^']*)'|"([^"]*)")\]|\.?(\*)|\.?([^.[\]*\s]+))/

/**
 * Reads a path as in RFC 9535, of which it knows names, numbers, `*` and `..`: `$.user.card.number`,
 * `$.items[*].pin`, `$..iban`, `user['first name']`. Null: it is none.
 */
export function parseJsonPath(text: string): JsonPath | null {
  let rest = text.replace(/^\$/, '')
  const steps: Step[] = []
  while (rest !== '') {
    const match = STEP.exec(rest)
    if (match === null) return null
    rest = rest.slice(match[0].length)
    const [, deep, index, anyElement, single, double, any, name] = match
    if (deep !== undefined) {
      if (rest === '') return null
      steps.push('deep')
    } else if (index !== undefined) steps.push({ index: Number(index) })
    else if (anyElement !== undefined || any !== undefined) steps.push('any')
    else steps.push({ name: (single ?? double ?? name)! })
  }
  return steps.length === 0 ? null : steps
}

/** Whether the path leads to where `place` is: names and numbers from the outermost value on. */
export function leadsTo(path: JsonPath, place: readonly (string | number)[], step = 0, at = 0): boolean {
  if (step === path.length) return at === place.length
  const wanted = path[step]!
  if (wanted === 'deep') {
    for (let next = at; next < place.length; next++) if (leadsTo(path, place, step + 1, next)) return true
    return false
  }
  if (at === place.length) return false
  const here = place[at]!
  const fits = wanted === 'any' || ('name' in wanted ? wanted.name === here : wanted.index === here)
  return fits && leadsTo(path, place, step + 1, at + 1)
}
