/** A number that would not be the same one as JavaScript's number, as it was written. */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Not JSON: undefined. Numbers that JavaScript cannot hold keep their digits. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits)
  } catch {
    return undefined
  }
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined || String(value) === context.source) return value
  // 1.0 and 1e3 are written in other ways, but are the same number.
  return Number.isSafeInteger(value) || /[.eE]/.test(context.source) ? value : new ExactNumber(context.source)
}

/** Whether JSON is an array or object: what can be unfolded. */
export function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber)
}

/** What a leaf is, for its colour. */
export function leafKind(value: unknown): 'string' | 'number' | 'word' {
  if (typeof value === 'string') return 'string'
  return typeof value === 'number' || value instanceof ExactNumber ? 'number' : 'word'
}

export function leafText(value: unknown): string {
  return value instanceof ExactNumber ? value.text : JSON.stringify(value)
}
