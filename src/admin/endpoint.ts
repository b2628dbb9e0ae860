import { z } from 'zod'
import type { AdminIdentity } from './gate.js'
import type { LiveState } from './live.js'
import type { Operations } from './operations.js'
import type { StoreOperations } from './store-operations.js'
import type { Health } from './schemas.js'

/** What answers requests. */
export interface Context {
  readonly identity: AdminIdentity
  readonly operations: Operations & Pick<StoreOperations, 'note'>
  readonly live: LiveState
  health(): Health
}

type Fields = z.ZodObject

/** One method at one path: what it takes, what it gives, and who may. /openapi.json is made from it. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** `/api/v1/tokens/{id}` */
  readonly path: string
  readonly scope: 'read' | 'write'
  readonly tag: string
  readonly summary: string
  readonly params: Fields
  readonly query: Fields
  /** Null: none. */
  readonly body: Fields | null
  readonly status: 200 | 201 | 204
  /** Null: none; `events`: a stream of server-sent events, which the server itself answers. */
  readonly response: z.ZodType | 'events' | null
  /** Statuses of errors beside those that every endpoint has. */
  readonly errors: readonly (404 | 409)[]
  handle(input: Input<Fields, Fields, Fields>, context: Context): Promise<unknown>
}

/** What a request carries, checked. */
export interface Input<P extends Fields, Q extends Fields, B extends Fields> {
  readonly params: z.output<P>
  readonly query: z.output<Q>
  readonly body: z.output<B>
}

interface Definition<P extends Fields, Q extends Fields, B extends Fields, R extends z.ZodType> {
  readonly method: Endpoint['method']
  readonly path: string
  readonly summary: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly status?: 200 | 201 | 204
  readonly response?: R
  readonly errors?: Endpoint['errors']
  handle(input: Input<P, Q, B>, context: Context): Promise<z.input<R>> | z.input<R>
}

const NOTHING = z.strictObject({})

/** An endpoint of the API; who may only read may use those of GET. The tag is the first word of its path. */
export function endpoint<
  P extends Fields = typeof NOTHING,
  Q extends Fields = typeof NOTHING,
  B extends Fields = typeof NOTHING,
  R extends z.ZodType = z.ZodVoid,
>(definition: Definition<P, Q, B, R>): Endpoint {
  const { method, path, summary, params, query, body, status = 200, response, errors = [] } = definition
  return {
    method,
    path: `/api/v1${path}`,
    scope: method === 'GET' ? 'read' : 'write',
    tag: path.split('/')[1] ?? '',
    summary,
    params: params ?? NOTHING,
    query: query ?? NOTHING,
    body: body ?? (method === 'POST' ? NOTHING : null),
    status,
    response: response ?? null,
    errors,
    handle: async (input, context) => definition.handle(input, context),
  }
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
