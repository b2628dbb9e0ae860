import { ConfigError } from '../core/errors.js'
import type { Position } from '../store/index.js'
import type { Page } from './schemas.js'

/** What a reader asks of a list: at most `limit` items, from `cursor` on. */
export interface PageRequest {
  readonly limit: number
  readonly cursor?: string | undefined
}

const MOST_CHARACTERS = 400

/** A cursor: opaque to readers, and good for as long as the list exists. */
export function cursorOf(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The parts of a cursor of `count` parts; undefined: there is none. Throws ConfigError UR_ADMIN_CURSOR. */
export function partsOf(cursor: string | undefined, count: number): string[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor.slice(0, MOST_CHARACTERS), 'base64url').toString())
    if (Array.isArray(parts) && parts.length === count && parts.every(isShortText)) return parts
  } catch {
    // not one of ours, as below
  }
  throw wrongCursor()
}

/** The position that a cursor of `pageOf` stands for. Throws ConfigError UR_ADMIN_CURSOR. */
export function positionOf(cursor: string | undefined): { after?: Position } {
  const [time = '', id = ''] = partsOf(cursor, 2) ?? []
  if (cursor === undefined) return {}
  const at = new Date(time)
  if (Number.isNaN(at.getTime()) || at.toISOString() !== time) throw wrongCursor()
  return { after: { at, id } }
}

/**
 * A page out of what was read: one item more than asked for says that there is a next one.
 * `cursor` gives the parts by which the next page finds the last item of this one.
 */
export function pageOf<T, R>(
  read: readonly T[],
  limit: number,
  cursor: (last: T) => readonly string[],
  show: (each: T) => R,
): Page<R> {
  const items = read.slice(0, limit)
  const last = items.at(-1)
  return { items: items.map(show), next: read.length > limit && last !== undefined ? cursorOf(...cursor(last)) : null }
}

/** Every item of a list, page by page. */
export async function allOf<T>(page: (request: PageRequest) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const { items: more, next } = await page({ limit: 500, cursor })
    items.push(...more)
    cursor = next ?? undefined
  } while (cursor !== undefined)
  return items
}

// U+0000 stands in no id, and PostgreSQL refuses it
function isShortText(part: unknown): part is string {
  return typeof part === 'string' && /^[\x20-\x7e]{0,200}$/.test(part)
}

function wrongCursor(): ConfigError {
  return new ConfigError(
    'UR_ADMIN_CURSOR',
    'The cursor is not one that this list gave. What to do: begin again without a cursor.',
  )
}
