import { z } from 'zod'

type Fields = z.ZodObject

/** One method at one path of an API: what it takes and gives. The description of the API is made from it. */
export interface Route<Context> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/api/v1/tokens/{id}` */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly params: Fields
  readonly query: Fields
  /** Null: none. */
  readonly body: z.ZodType | null
  readonly status: 200 | 201 | 204
  /** Null: none; `events`: a stream of server-sent events; `bytes`: not JSON. The server itself answers both. */
  readonly response: z.ZodType | 'events' | 'bytes' | null
  /** Statuses of errors beside those that every route has. */
  readonly errors: readonly number[]
  handle(input: Input<Fields, Fields, z.ZodType>, context: Context): Promise<unknown>
}

/** What a request carries, checked. */
export interface Input<P extends Fields, Q extends Fields, B extends z.ZodType> {
  readonly params: z.output<P>
  readonly query: z.output<Q>
  readonly body: z.output<B>
}

export interface RouteDefinition<
  Context,
  P extends Fields,
  Q extends Fields,
  B extends z.ZodType,
  R extends z.ZodType,
> {
  readonly method: Route<Context>['method']
  readonly path: string
  readonly summary: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly status?: 200 | 201 | 204
  readonly response?: R | 'bytes' | 'events'
  readonly errors?: Route<Context>['errors']
  handle(input: Input<P, Q, B>, context: Context): Promise<z.input<R>> | z.input<R>
}

const NOTHING = z.strictObject({})

/** A route below `prefix`. Its tag is the first word of its path. */
export function route<
  Context,
  P extends Fields = typeof NOTHING,
  Q extends Fields = typeof NOTHING,
  B extends z.ZodType = typeof NOTHING,
  R extends z.ZodType = z.ZodVoid,
>(prefix: string, definition: RouteDefinition<Context, P, Q, B, R>): Route<Context> {
  const { method, path, summary, params, query, body, status = 200, response, errors = [] } = definition
  return {
    method,
    path: prefix + path,
    tag: path.split(/[/.]/)[1] ?? '',
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

/** As `route`, always below the same prefix. */
export function routesBelow<Context>(prefix: string) {
  return <
    P extends Fields = typeof NOTHING,
    Q extends Fields = typeof NOTHING,
    B extends z.ZodType = typeof NOTHING,
    R extends z.ZodType = z.ZodVoid,
  >(
    definition: RouteDefinition<Context, P, Q, B, R>,
  ): Route<Context> => route(prefix, definition)
}

/** The path as fastify has it. */
export function fastifyPath({ path }: Pick<Route<never>, 'path'>): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

/** The methods that there are at the path of a URL. */
export function methodsAt(routes: readonly Pick<Route<never>, 'path' | 'method'>[], url: string): string[] {
  const path = url.split('?', 1)[0] ?? ''
  const matches = (each: Pick<Route<never>, 'path'>): boolean =>
    new RegExp(`^${each.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path)
  return [...new Set(routes.filter(matches).map(({ method }) => method as string))]
}

/** What is wrong with a value. */
export interface WrongField {
  readonly field: string
  readonly message: string
}

/** The value that a schema makes of `given`, or the fields that are wrong. */
export function checkedInput<S extends z.ZodType>(
  schema: S,
  given: unknown,
): { readonly value: z.output<S> } | { readonly wrong: readonly WrongField[] } {
  const result = schema.safeParse(given)
  if (result.success) return { value: result.data }
  const wrong = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: key.slice(0, 100), message: 'there is no such field' }))
      : [{ field: issue.path.join('.'), message: wording(issue.message) }],
  )
  return { wrong }
}

/** The fields as one sentence, at most 500 characters of it. */
export function wrongText(wrong: readonly WrongField[]): string {
  const names = wrong.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
  return `Not as it should be: ${names.join('; ').slice(0, 500)}.`
}

// What zod says of a field that was not sent.
function wording(message: string): string {
  return message.endsWith('received undefined') ? 'it is missing' : message
}
