import type { ColumnType } from 'kysely'

/** UTC time as `2026-01-31T12:00:00.000Z`: sorts as text, reads the same from every database. */
export type Timestamp = string

/** One agent credential. The token itself is never stored. */
export interface TokenTable {
  /** `tok_` and 17 letters or digits. */
  readonly id: ColumnType<string, string, never>
  /** Unique among the tokens that are not revoked. */
  readonly name: ColumnType<string, string, never>
  /** SHA-256 of the token, lower-case hex. */
  readonly hash: ColumnType<string, string, never>
  readonly created_at: ColumnType<Timestamp, Timestamp, never>
  readonly last_used_at: ColumnType<Timestamp | null, Timestamp | null | undefined, Timestamp>
  readonly revoked_at: ColumnType<Timestamp | null, Timestamp | null | undefined, Timestamp>
  /** 1, 2, 3 … in the order of revocation; null while the token is good. What watchers ask "since" with. */
  readonly revocation: ColumnType<number | null, number | null | undefined, number>
}

/** One row: the number of the newest migration that ran. */
export interface SchemaVersionTable {
  readonly version: number
}

/** Every table, as the newest migration leaves it. */
export interface Tables {
  readonly tokens: TokenTable
  readonly schema_version: SchemaVersionTable
}
