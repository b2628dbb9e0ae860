/** Where in a text, both counted from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A text that is no JSON (RFC 8259). */
export class JsonSyntaxError extends Error {
  readonly place: Place

  constructor(message: string, place: Place) {
    super(message)
    this.place = place
  }
}

/** Deeper than any file that we read. */
const MOST_DEPTH = 500

/**
 * Finds where the value at `path` of a JSON text begins; of a path that is not there the nearest value around it.
 * Throws JsonSyntaxError.
 */
export function placeOf(text: string, path: readonly (string | number)[]): Place {
  return placeAt(text, new Walker(text, path).walk())
}

/** As JSON.parse. Throws JsonSyntaxError, which says what is wrong and where. */
export function parseWithPlace(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    new Walker(text, []).walk()
    // what our own reader takes, and the engine does not
    throw new JsonSyntaxError((error as Error).message, { line: 1, column: 1 })
  }
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

const SPACE = /[ \t\r\n]*/y
const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// eslint-disable-next-line no-control-regex -- what JSON forbids in strings
const PLAIN = /[^"\\\u0000-\u001f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

class Walker {
  readonly #text: string
  readonly #path: readonly (string | number)[]
  #at = 0
  /** Of the deepest value on the path that was seen. */
  #found = 0
  #foundDepth = -1

  constructor(text: string, path: readonly (string | number)[]) {
    this.#text = text
    this.#path = path
  }

  /** The offset of the value. */
  walk(): number {
    this.#value(0, true)
    this.#take(SPACE)
    if (this.#at < this.#text.length) this.#fail('nothing may follow the value')
    return this.#found
  }

  #value(depth: number, onPath: boolean): void {
    this.#take(SPACE)
    if (onPath && depth > this.#foundDepth) {
      this.#found = this.#at
      this.#foundDepth = depth
    }
    if (depth > MOST_DEPTH) this.#fail(`values are nested more than ${MOST_DEPTH} deep`)
    const next = this.#text[this.#at]
    const isNext = (key: string | number): boolean => onPath && this.#path[depth] === key
    if (next === '{') {
      this.#list('}', () => {
        this.#take(SPACE)
        if (this.#text[this.#at] !== '"') this.#fail('the name of a member is missing')
        const key = this.#string()
        this.#take(SPACE)
        if (this.#text[this.#at] !== ':') this.#fail('a colon is missing')
        this.#at++
        this.#value(depth + 1, isNext(JSON.parse(key) as string))
      })
    } else if (next === '[') {
      let index = 0
      this.#list(']', () => this.#value(depth + 1, isNext(index++)))
    } else if (next === '"') {
      this.#string()
    } else if (!this.#take(LITERAL)) {
      this.#fail(next === undefined ? 'it ends in the middle' : 'a value is missing')
    }
  }

  /** Returns it as it is written. */
  #string(): string {
    const start = this.#at++
    do this.#take(PLAIN)
    while (this.#take(ESCAPE))
    const next = this.#text[this.#at]
    if (next === undefined) this.#fail('it ends in the middle of a string')
    if (next !== '"') this.#fail('a string has a character that must be escaped, or a wrong escape')
    return this.#text.slice(start, ++this.#at)
  }

  #list(end: string, item: () => void): void {
    this.#at++
    this.#take(SPACE)
    if (this.#text[this.#at] === end) {
      this.#at++
      return
    }
    for (;;) {
      item()
      this.#take(SPACE)
      const next = this.#text[this.#at]
      if (next !== ',' && next !== end) {
        this.#fail(next === undefined ? 'it ends in the middle' : `a comma or ${end} is missing`)
      }
      this.#at++
      if (next === end) return
    }
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#text) ?? []
    if (found === undefined) return null
    this.#at += found.length
    return found
  }

  #fail(message: string): never {
    throw new JsonSyntaxError(message, placeAt(this.#text, this.#at))
  }
}
