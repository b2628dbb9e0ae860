import type { ExchangeFilter, ExchangeKind } from '../../inspector/contract.js'

/** What can be asked for: the filter of the API without its paging. */
export type Filter = { -readonly [Key in Exclude<keyof ExchangeFilter, 'limit' | 'before'>]?: ExchangeFilter[Key] }

const KINDS: readonly ExchangeKind[] = ['http', 'sse', 'websocket', 'grpc']
const TOKEN = /(?:([a-z]+):)?(?:"((?:[^"\\]|\\.)*)"?|(\S+))/gy
const TIME_UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, min: 60_000 }
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1000,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
}

/**
 * Reads what is typed into the search field: words, and `method:POST status:4xx path:/api kind:grpc tunnel:shop
 * header:"accept: json" body:"text" time:>200ms time:100-500 size:<10k`. What it does not understand is a word.
 */
export function parseFilter(text: string): Filter {
  const filter: Filter = {}
  const words: string[] = []
  TOKEN.lastIndex = 0
  for (let rest = skipBlank(text, 0); rest < text.length; rest = skipBlank(text, TOKEN.lastIndex)) {
    TOKEN.lastIndex = rest
    const match = TOKEN.exec(text)
    if (match === null) break
    const [whole, key, quoted, plain = ''] = match
    const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1')
    if (key === undefined || !take(filter, key, value)) words.push(key === undefined ? value : whole)
  }
  if (words.length > 0) filter.q = words.join(' ')
  return filter
}

/** The text which `parseFilter` reads as this filter. */
export function filterText(filter: Filter): string {
  const parts: string[] = []
  for (const key of ['method', 'status', 'kind', 'tunnel', 'path', 'header', 'body'] as const) {
    const value = filter[key]
    if (value !== undefined && value !== '') parts.push(`${key}:${quoted(value)}`)
  }
  const time = range(filter.minMs, filter.maxMs)
  if (time !== null) parts.push(`time:${time}`)
  const size = range(filter.minBytes, filter.maxBytes)
  if (size !== null) parts.push(`size:${size}`)
  if (filter.q !== undefined && filter.q !== '') parts.push(filter.q)
  return parts.join(' ')
}

/** As the query of a URL of the API. */
export function filterQuery(filter: ExchangeFilter): URLSearchParams {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(filter)) {
    if (value !== undefined && value !== '') query.set(key, String(value))
  }
  return query
}

function take(filter: Filter, key: string, value: string): boolean {
  switch (key) {
    case 'method':
      filter.method = value.toUpperCase()
      return value !== ''
    case 'status':
      if (!/^(none|[1-5]xx|[1-9]\d\d(-[1-9]\d\d)?)$/i.test(value)) return false
      filter.status = value.toLowerCase()
      return true
    case 'kind': {
      const kind = KINDS.find((one) => one === value.toLowerCase())
      if (kind === undefined) return false
      filter.kind = kind
      return true
    }
    case 'tunnel':
    case 'path':
    case 'header':
    case 'body':
      if (value === '') return false
      filter[key] = value
      return true
    case 'time':
      return takeRange(value, TIME_UNITS, (min, max) => {
        if (min !== null) filter.minMs = min
        if (max !== null) filter.maxMs = max
      })
    case 'size':
      return takeRange(value, SIZE_UNITS, (min, max) => {
        if (min !== null) filter.minBytes = min
        if (max !== null) filter.maxBytes = max
      })
    default:
      return false
  }
}

type Take = (min: number | null, max: number | null) => void

/** `>200ms`, `<1s`, `100-500`, `200` (at least). */
function takeRange(text: string, units: Readonly<Record<string, number>>, done: Take): boolean {
  const match = /^([<>]?)(\d+(?:\.\d+)?)([a-z]*)(?:-(\d+(?:\.\d+)?)([a-z]*))?$/i.exec(text)
  if (match === null) return false
  const [, sign = '', low = '', lowUnit = '', high, highUnit = ''] = match
  const from = amount(low, lowUnit, units)
  const to = high === undefined ? null : amount(high, highUnit, units)
  if (from === null || (high !== undefined && (to === null || sign !== ''))) return false
  if (sign === '<') done(null, from)
  else done(from, to)
  return true
}

function amount(digits: string, unit: string, units: Readonly<Record<string, number>>): number | null {
  const factor = units[unit.toLowerCase()]
  return factor === undefined ? null : Number(digits) * factor
}

function range(min: number | undefined, max: number | undefined): string | null {
  if (min !== undefined && max !== undefined) return `${min}-${max}`
  if (min !== undefined) return `>${min}`
  return max === undefined ? null : `<${max}`
}

function quoted(value: string): string {
  return /[\s"\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value
}

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && /\s/.test(text.charAt(at))) at++
  return at
}
