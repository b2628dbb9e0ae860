import type { Kysely } from 'kysely'
import type { Tables } from './schema.js'

/** Who holds a lease, and how far its beat is. */
export interface LeaseState {
  readonly holder: string
  readonly beat: number
}

/**
 * Work that one process at a time may do, among all that have the database open. A holder beats as long as it lives; who
 * waits takes over from one whose beat has not changed for long enough by the waiter's own clock: no two clocks have to
 * agree. Every method throws StoreError when the database fails.
 */
export class LeaseRepository {
  readonly #database: Kysely<Tables>

  constructor(database: Kysely<Tables>) {
    this.#database = database
  }

  /** Takes a lease that nobody has, or takes it over in this very state. null: taken; else how it stands. */
  async take(name: string, holder: string, dead: LeaseState | null = null): Promise<LeaseState | null> {
    if (dead !== null) {
      const { numUpdatedRows } = await this.#database
        .updateTable('leases')
        .set({ holder, beat: 1 })
        .where('name', '=', name)
        .where('holder', '=', dead.holder)
        .where('beat', '=', dead.beat)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows > 0n) return null
    }
    const { numInsertedOrUpdatedRows: taken } = await this.#database
      .insertInto('leases')
      .values({ name, holder, beat: 1 })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirstOrThrow()
    if (taken === 1n) return null
    const row = await this.#database
      .selectFrom('leases')
      .select(['holder', 'beat'])
      .where('name', '=', name)
      .executeTakeFirst()
    return row ?? this.take(name, holder)
  }

  /** False: another process has taken it over. */
  async beat(name: string, holder: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#database
      .updateTable('leases')
      .set((e) => ({ beat: e('beat', '+', 1) }))
      .where('name', '=', name)
      .where('holder', '=', holder)
      .executeTakeFirstOrThrow()
    return numUpdatedRows > 0n
  }

  /** Gives it back; one that another has taken over stays with that one. */
  async free(name: string, holder: string): Promise<void> {
    await this.#database.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
  }
}
