/** In what form an answer of our own is given. */
export type AnswerForm = 'html' | 'json' | 'text'

const TYPES: readonly (readonly [string, AnswerForm])[] = [
  ['text/plain', 'text'],
  ['text/html', 'html'],
  ['application/problem+json', 'json'],
  ['application/json', 'json'],
]

/** Longer ones are looked at as far as this: no client has that many wishes. */
const MAX_RANGES = 64

/**
 * The form that an `Accept` (RFC 9110 §12.5.1) likes best: by q-value, then by how exactly the type is named, then by
 * order. Text for whoever takes anything, as curl and most programs do, has no wish, or wishes for what there is not:
 * an answer in the wrong form tells more than none.
 */
export function answerForm(accept: string | undefined): AnswerForm {
  if (accept === undefined) return 'text'
  const ranges = accept.split(',', MAX_RANGES).map(readRange)
  let best: { readonly form: AnswerForm; readonly wish: Wish } | null = null
  for (const [type, form] of TYPES) {
    const wish = wishFor(type, ranges)
    if (wish !== null && wish.quality > 0 && (best === null || isStronger(wish, best.wish))) best = { form, wish }
  }
  return best?.form ?? 'text'
}

interface Range {
  /** `text/html`, or `text/*`, or `*` and a slash and a star. */
  readonly type: string
  readonly quality: number
}

interface Wish {
  readonly quality: number
  /** 2: the very type, 1: its kind, 0: anything. */
  readonly exactness: number
  /** Place in the list. */
  readonly order: number
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))
  const quality = weight === undefined ? 1 : Number(weight.replace(/^q\s*=\s*/, '') || Number.NaN)
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** The most exact range that fits decides, even when it says no. */
function wishFor(type: string, ranges: readonly Range[]): Wish | null {
  const kind = `${type.slice(0, type.indexOf('/'))}/*`
  let found: Wish | null = null
  for (const [order, range] of ranges.entries()) {
    const exactness = [ANYTHING, kind, type].indexOf(range.type)
    if (exactness > (found?.exactness ?? -1)) found = { quality: range.quality, exactness, order }
  }
  return found
}

const ANYTHING = '*/*'

function isStronger(a: Wish, b: Wish): boolean {
  if (a.quality !== b.quality) return a.quality > b.quality
  return a.exactness === b.exactness ? a.order < b.order : a.exactness > b.exactness
}
