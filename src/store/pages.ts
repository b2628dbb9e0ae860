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

/** Condition for the rows behind `after` in a list with the oldest first. `table`: where several are joined. */
export function olderFirst(after: Position | undefined, table?: string): RawBuilder<boolean> {
  if (after === undefined) return sql`1 = 1`
  const [at, id] = ['created_at', 'id'].map((column) => sql.ref(table === undefined ? column : `${table}.${column}`))
  return sql`(${at}, ${id}) > (${after.at.toISOString()}, ${after.id})`
}
