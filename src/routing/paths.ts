/** Segments of a prefix may hold what a path may (RFC 3986 §3.3), in ASCII. */
const PREFIX = /^(?:\/[A-Za-z0-9\-._~%!$&'()*+,;=:@]+)+$/

/**
 * The one spelling of a path prefix: `/` for all paths, otherwise `/a/b` without a slash at its end. The empty text is
 * `/`. null when it is no path, or has `.` or `..` as a segment, which no request would match.
 */
export function normalisePrefix(text: string): string | null {
  const bare = text.replace(/\/+$/, '')
  if (bare === '') return '/'
  if (!PREFIX.test(bare)) return null
  return bare.split('/').some((segment) => segment === '.' || segment === '..') ? null : bare
}

/** Targets by path prefix. The longest prefix of whole segments wins: `/api` is for `/api` and `/api/x`, not `/apis`. */
export class PathTable<T> {
  /** The longest first. */
  #entries: { readonly prefix: string; readonly target: T }[] = []

  get size(): number {
    return this.#entries.length
  }

  /** Every target. */
  targets(): T[] {
    return this.#entries.map(({ target }) => target)
  }

  /** The target of exactly this prefix. */
  get(prefix: string): T | undefined {
    return this.#entries.find((entry) => entry.prefix === prefix)?.target
  }

  /** Sets the target of a prefix that `normalisePrefix` gave. */
  set(prefix: string, target: T): void {
    this.delete(prefix)
    this.#entries.push({ prefix, target })
    this.#entries.sort((a, b) => b.prefix.length - a.prefix.length)
  }

  delete(prefix: string): void {
    this.#entries = this.#entries.filter((entry) => entry.prefix !== prefix)
  }

  /** The target for the path of a request, which may have a query behind it. */
  find(path: string): T | undefined {
    for (const { prefix, target } of this.#entries) {
      if (prefix === '/') return target
      if (!path.startsWith(prefix)) continue
      const next = path.charCodeAt(prefix.length)
      if (Number.isNaN(next) || next === SLASH || next === QUESTION) return target
    }
    return undefined
  }
}

const SLASH = 0x2f
const QUESTION = 0x3f
