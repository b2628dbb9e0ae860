import { leadsTo, type JsonPath } from '../../core/json-path.js'
import { isSecretName } from './names.js'
import { REDACTED, redactShapes } from './shapes.js'

interface Level {
  readonly isObject: boolean
  /** A name comes next. */
  atName: boolean
  /** What is below it is a secret. */
  secret: boolean
  /** All elements of an array are. */
  readonly inherited: boolean
}

/** What is nested deeper is replaced. */
const MAX_DEPTH = 200

/** How deep JSON in strings of JSON is looked into. */
const MAX_NESTED = 3

/** Also behind what Socket.IO, SockJS and JSONP write in front of it. */
const LOOKS_LIKE_JSON = /^(?:\xef\xbb\xbf)?\s*[\w$./,-]{0,64}\(?[[{"]/

export function looksLikeJson(text: string): boolean {
  return LOOKS_LIKE_JSON.test(text)
}

/**
 * Replaces values in JSON text: those whose name is one of a secret, those to which a path leads, and strings in whose
 * escapes a token or JSON with a secret hides. Everything else stays as it is, byte by byte. The text may be cut, several values, or no JSON
 * at all. Returns `text` itself when there is nothing to replace.
 */
export function redactJson(text: string, paths: readonly JsonPath[]): string {
  return new Scan(text, paths, 0).run()
}

class Scan {
  readonly #text: string
  readonly #paths: readonly JsonPath[]
  /** In so many strings it stands. */
  readonly #nested: number
  readonly #levels: Level[] = []
  readonly #place: (string | number)[] = []
  #result = ''
  #copied = 0
  #at = 0
  /** Where the next backslash is, or one before. */
  #escape = -1

  constructor(text: string, paths: readonly JsonPath[], nested: number) {
    this.#text = text
    this.#nested = nested
    this.#paths = paths
  }

  run(): string {
    const text = this.#text
    while (this.#at < text.length) this.#step(text.charCodeAt(this.#at))
    return this.#copied === 0 ? text : this.#result + text.slice(this.#copied)
  }

  #step(code: number): void {
    const level = this.#levels.at(-1)
    switch (code) {
      case QUOTE:
        if (level?.atName === true) this.#takeName(level)
        else this.#takeString()
        return
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (this.#levels.length === MAX_DEPTH || this.#isOnPath()) this.#replace(this.#endOfValue())
        else this.#open(code === OPEN_OBJECT)
        return
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (this.#levels.pop() !== undefined) this.#place.pop()
        break
      case COMMA:
        if (level !== undefined) this.#next(level)
        break
      case SPACE:
      case LINE_FEED:
      case CARRIAGE_RETURN:
      case TAB:
      case COLON:
        break
      default:
        this.#takeLiteral()
        return
    }
    this.#at++
  }

  #open(isObject: boolean): void {
    const inherited = !isObject && this.#isSecret()
    this.#levels.push({ isObject, atName: isObject, secret: inherited, inherited })
    this.#place.push(isObject ? '' : 0)
    this.#at++
  }

  #next(level: Level): void {
    level.atName = level.isObject
    level.secret = level.inherited
    const last = this.#place.length - 1
    if (!level.isObject) this.#place[last] = (this.#place[last] as number) + 1
  }

  #takeName(level: Level): void {
    const end = this.#endOfString()
    const name = unescaped(this.#text.slice(this.#at + 1, end - 1))
    level.atName = false
    level.secret = isSecretName(name, 'body')
    this.#place[this.#place.length - 1] = name
    this.#at = end
  }

  #takeString(): void {
    const end = this.#endOfString()
    if (this.#isSecret() || this.#isOnPath()) return this.#replace(end)
    if (this.#hasEscape(end)) {
      const value = unescaped(this.#text.slice(this.#at + 1, end - 1))
      if (redactShapes(value) !== value || this.#hidesJson(value)) return this.#replace(end)
    }
    this.#at = end
  }

  #hidesJson(value: string): boolean {
    if (this.#nested === MAX_NESTED || !looksLikeJson(value)) return false
    return new Scan(value, [], this.#nested + 1).run() !== value
  }

  /** A number, `true`, `false`, `null`, or what is no JSON. */
  #takeLiteral(): void {
    LITERAL.lastIndex = this.#at
    const length = LITERAL.exec(this.#text)?.[0].length ?? 1
    const end = this.#at + length
    const first = this.#text.charCodeAt(this.#at)
    const isNumber = first === MINUS || (first >= DIGIT_0 && first <= DIGIT_9)
    if (isNumber && this.#isSecret()) return this.#replace(end)
    if (this.#paths.length > 0 && this.#isOnPath()) return this.#replace(end)
    this.#at = end
  }

  #replace(end: number): void {
    this.#result += this.#text.slice(this.#copied, this.#at) + `"${REDACTED}"`
    this.#copied = end
    this.#at = end
  }

  #isSecret(): boolean {
    return this.#levels.at(-1)?.secret === true
  }

  #isOnPath(): boolean {
    return this.#paths.some((path) => leadsTo(path, this.#place))
  }

  /** Whether there is a backslash from here to `end`. */
  #hasEscape(end: number): boolean {
    if (this.#escape < this.#at) {
      const next = this.#text.indexOf('\\', this.#at)
      this.#escape = next < 0 ? Infinity : next
    }
    return this.#escape < end
  }

  /** Behind the quote that closes the string; the end of the text when none does. */
  #endOfString(): number {
    const text = this.#text
    for (let from = this.#at + 1; ;) {
      const quote = text.indexOf('"', from)
      if (quote < 0) return text.length
      let slashes = 0
      while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH && quote - 1 - slashes > this.#at) slashes++
      if (slashes % 2 === 0) return quote + 1
      from = quote + 1
    }
  }

  /** Behind the bracket that closes the object or array here. */
  #endOfValue(): number {
    const text = this.#text
    const start = this.#at
    let depth = 0
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === QUOTE) this.#at = this.#endOfString() - 1
      else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++
      else if ((code === CLOSE_OBJECT || code === CLOSE_ARRAY) && --depth === 0) break
    }
    const end = Math.min(this.#at + 1, text.length)
    this.#at = start
    return end
  }
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(ESCAPE, (_, hex: string | undefined, one: string | undefined) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (ESCAPES[one!] ?? one!),
  )
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([^u]))/gs
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }
const LITERAL = /[^\s,:{}[\]"]+/y
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const SPACE = 0x20
const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const MINUS = 0x2d
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39
