import { normaliseHost } from '../../routing/index.js'

/** What one label may look like when it has stars in it. */
const STARRED_LABEL = /^[a-z0-9_*](?:[a-z0-9_*-]{0,61}[a-z0-9_*])?$/

/**
 * Which host names a token may have. Names stand below the server's domain when they have no dot.
 *
 * - `db.example.com`, `shop`: that one name;
 * - `*.example.com`, `*`: every name below, of one label or more, and wildcards below;
 * - `alice-*.example.com`, `alice-*`: a star within the first label stands for any characters of that label, also none.
 */
export class NamePattern {
  /** In its one spelling. */
  readonly text: string
  readonly #label: string
  /** What follows the first label; null: the server's domain. */
  readonly #parent: string | null

  private constructor(label: string, parent: string | null) {
    this.text = parent === null ? label : `${label}.${parent}`
    this.#label = label
    this.#parent = parent
  }

  /** Null: it is none. */
  static parse(text: string): NamePattern | null {
    const name = text.toLowerCase()
    const dot = name.indexOf('.')
    const label = dot < 0 ? name : name.slice(0, dot)
    const parent = dot < 0 ? null : normaliseHost(name.slice(dot + 1))
    if (dot >= 0 && parent === null) return null
    if (label.includes('*')) return STARRED_LABEL.test(label) ? new NamePattern(label, parent) : null
    const whole = normaliseHost(name)
    if (whole === null) return null
    return dot < 0 ? new NamePattern(whole, null) : new NamePattern(whole.slice(0, whole.indexOf('.')), parent)
  }

  /** Whether all of `name` is covered: a normalised host, or `*.` and a host. `domain`: the server's, normalised. */
  covers(name: string, domain: string): boolean {
    const parent = this.#parent ?? domain
    if (this.#label === '*') return name.endsWith(`.${parent}`)
    const dot = name.indexOf('.')
    if (dot < 0 || name.slice(dot + 1) !== parent) return false
    const label = name.slice(0, dot)
    return label !== '*' && matches(label, this.#label)
  }
}

/** Whether a label is like a pattern, whose stars stand for any characters. */
function matches(label: string, pattern: string): boolean {
  const parts = pattern.split('*')
  const [first = '', ...others] = parts
  const last = others.pop()
  if (last === undefined) return label === first
  if (label.length < first.length + last.length || !label.startsWith(first) || !label.endsWith(last)) return false
  let at = first.length
  const end = label.length - last.length
  for (const part of others) {
    const found = label.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
