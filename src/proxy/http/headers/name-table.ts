const LONGEST = 63

/**
 * Tells names of fields apart that need treatment, whatever their case, in a few nanoseconds for those that do not:
 * length and first letter rule out nearly all of them before anything is turned into lower case.
 *
 * A spelling with underscores counts as the name itself: CGI and its descendants make the same variable of
 * `X_Forwarded_For` and `X-Forwarded-For`, so that whoever may not send one must not be able to send the other.
 */
export class NameTable {
  readonly #candidates = new Uint8Array((LONGEST + 1) << 5)
  readonly #kinds = new Map<string, number>()
  readonly #prefixes: (readonly [string, number])[] = []
  readonly #underscored: number

  /**
   * `kinds`: a number above 0 for each name in lower case, or for all names that begin with what stands before `*`; the
   * last one given for a name wins, and names win over beginnings. `underscored`: the kind of other spellings.
   */
  constructor(kinds: Iterable<readonly [string, number]>, underscored: number) {
    this.#underscored = underscored
    for (const [name, kind] of kinds) {
      const prefix = name.endsWith('*')
      const bare = prefix ? name.slice(0, -1) : name
      for (let length = bare.length; length <= (prefix ? LONGEST : bare.length); length++) {
        this.#candidates[slot(bare, length)] = 1
      }
      if (prefix) this.#prefixes.push([bare, kind])
      else this.#kinds.set(name, kind)
    }
  }

  /** What was said of the name; 0: nothing. */
  of(name: string): number {
    if (this.#candidates[slot(name, name.length)] === 0) return 0
    const lower = name.toLowerCase()
    const kind = this.#find(lower)
    if (kind !== 0 || !lower.includes('_')) return kind
    return this.#find(lower.replaceAll('_', '-')) === 0 ? 0 : this.#underscored
  }

  #find(lower: string): number {
    const kind = this.#kinds.get(lower)
    if (kind !== undefined) return kind
    for (const [prefix, kindOfAll] of this.#prefixes) if (lower.startsWith(prefix)) return kindOfAll
    return 0
  }
}

function slot(name: string, length: number): number {
  return ((length < LONGEST ? length : LONGEST) << 5) | (name.charCodeAt(0) & 31)
}
