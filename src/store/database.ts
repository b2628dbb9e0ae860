import type { Dialect } from 'kysely'

/** What the file of each dialect gives; everything else in this room is the same for every database. */
export interface OpenedDatabase {
  readonly dialect: Dialect
  /** For messages: the path of the file, or the address without its password. */
  readonly name: string
  /** Waits for the query under way; every later one fails with UR_STORE_CLOSED. */
  close(): Promise<void>
}
