import { type RawBuilder, sql } from 'kysely'

/** A row in a list that is sorted by time and, among equals, by id. */
export interface Position {
  readonly at: Date
  readonly id: string
}

/** A part of a list: at most `limit` rows behind `after`, or the first ones. */
export interface PageQuery {
  readonly limit: number
  readonly after?: Position
}

/** Condition for the rows behind `after` in a list with the oldest first. */
export function olderFirst(after: Position | undefined): RawBuilder<boolean> {
  return after === undefined ? sql`1 = 1` : sql`(created_at, id) > (${after.at.toISOString()}, ${after.id})`
}
