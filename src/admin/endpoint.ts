import { z } from 'zod'
import type { AdminIdentity } from './gate.js'
import type { LiveState } from './live.js'
import type { Operations } from './operations.js'
import { type Route, route, type RouteDefinition } from './route.js'
import type { StoreOperations } from './store-operations.js'
import type { Health } from './schemas.js'

/** What answers requests. */
export interface Context {
  readonly identity: AdminIdentity
  readonly operations: Operations & Pick<StoreOperations, 'note'>
  readonly live: LiveState
  health(): Health
}

/** A route, and who may use it. */
export interface Endpoint extends Route<Context> {
  readonly scope: 'read' | 'write'
}

/** An endpoint of the API; who may only read may use those of GET. */
export function endpoint<
  P extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Q extends z.ZodObject = z.ZodObject<Record<never, never>>,
  B extends z.ZodType = z.ZodObject<Record<never, never>>,
  R extends z.ZodType = z.ZodVoid,
>(definition: RouteDefinition<Context, P, Q, B, R>): Endpoint {
  return { ...route('/api/v1', definition), scope: definition.method === 'GET' ? 'read' : 'write' }
}

/** Ids and names that somebody looks for; what cannot be one finds nothing. PostgreSQL takes no U+0000. */
export const idOrName = z
  .string()
  .regex(/^\P{Cc}{1,200}$/u)
  .meta({ description: 'An id or a name.' })

export const byId = z.strictObject({ id: idOrName })

/** What every list takes. */
export const paging = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'The most items of one page.' }),
  cursor: z.string().max(400).optional().meta({ description: '`next` of the page before.' }),
})

/** As `paging`, for what belongs to accounts. */
export const pagingOfAccount = paging.extend({ account: idOrName.optional() })

/** A page of a list. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item).readonly(),
    next: z.string().nullable().meta({ description: 'The cursor of the next page; null: this is the last one.' }),
  })
}

/** A moment that was to come when it was sent may be over, and clocks differ, ms. */
const ON_ITS_WAY_MS = 60_000

/** A moment that is still to come. */
export const futureTime = z.iso
  .datetime()
  .refine((time) => Date.parse(time) > Date.now() - ON_ITS_WAY_MS, { error: 'it is in the past' })
  .meta({ description: 'UTC, and in the future.' })
