import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely, Transaction } from 'kysely'
import { StoreError } from '../core/errors.js'
import type { Tables } from './schema.js'

/** How often what was rolled back for the sake of another transaction is tried. */
export const TRIES = 8
const FIRST_PAUSE_MS = 5

/** Whether the failure was another transaction that came first, so that the same again may succeed. */
export function isConflict(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'UR_STORE_CONFLICT'
}

/** Waits a random time, of which the bound doubles with each try. */
export async function pauseBeforeTry(tries: number): Promise<void> {
  await delay(Math.random() * FIRST_PAUSE_MS * 2 ** tries)
}

/**
 * Does `work` in one transaction, as if there were no other one at the time. It may be called several times, so it
 * must have no effect but in the database. Work that reads nothing may be 'read committed': it waits for others that
 * write the same rows, instead of being done again; it should write rows in an order that all others keep to.
 * Inside a transaction it is a part of that one. Throws StoreError UR_STORE_CONFLICT when others came first each time.
 */
export async function atomically<T>(
  database: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<T>,
  isolation: 'serializable' | 'read committed' = 'serializable',
): Promise<T> {
  if (database.isTransaction) return work(database as Transaction<Tables>)
  for (let tries = 1; ; tries++) {
    try {
      return await database.transaction().setIsolationLevel(isolation).execute(work)
    } catch (error) {
      if (!isConflict(error) || tries === TRIES) throw error
    }
    await pauseBeforeTry(tries)
  }
}
