import fc from 'fast-check'
import type { AdminApi, Reply } from '../admin/support.js'

type Json = Record<string, unknown>

interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly { name: string; in: 'path' | 'query'; schema: Json }[]
  readonly body: Json | null
  /** Statuses that the description names. */
  readonly statuses: readonly string[]
}

interface Request {
  readonly operation: Operation
  readonly path: string
  readonly token: string | null
  readonly body: unknown
  readonly headers: Record<string, string>
}

/** Everything that the served description offers, but for the endless answers. */
async function operations(api: AdminApi): Promise<{ operations: Operation[]; schemas: Json }> {
  const description = (await api.call('/openapi.json', { token: null })).body as {
    paths: Record<string, Record<string, Json>>
    components: { schemas: Json }
  }
  const found = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const { requestBody } = operation as { requestBody?: { content: { 'application/json': { schema: Json } } } }
      return {
        method: method.toUpperCase(),
        path,
        parameters: (operation['parameters'] ?? []) as Operation['parameters'],
        body: requestBody?.content['application/json'].schema ?? null,
        statuses: Object.keys(operation['responses'] as Json),
      }
    }),
  )
  return { operations: found.filter(({ path }) => !path.endsWith('/events')), schemas: description.components.schemas }
}

/** Ids and names that are there, so that not everything ends with 404. */
const KNOWN = ['default', 'acc_default', 'read', 'fuzz', 'shop']

/** What nobody should send. */
const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom(
    '',
    '.',
    '..',
    '\0',
    '%00',
    '../../x',
    "' or 1=1 --",
    '<script>',
    '\u202e',
    'constructor',
    '__proto__',
    '9'.repeat(400),
  ),
  fc.integer(),
  fc.double(),
  fc.constant(null),
  fc.boolean(),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Values of a schema, as the description says. */
function valueOf(schema: Json): fc.Arbitrary<unknown> {
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]))
  switch (schema['type']) {
    case 'integer':
      return fc.integer({ min: Number(schema['minimum'] ?? 0), max: Number(schema['maximum'] ?? 1_000) })
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>)
      const required = (schema['required'] ?? []) as string[]
      return fc.record(Object.fromEntries(properties.map(([name, inner]) => [name, valueOf(inner)])), {
        requiredKeys: required,
      })
    }
    default:
      if (schema['format'] === 'date-time')
        return fc.constantFrom('2100-01-01T00:00:00Z', '2020-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z')
      if (schema['format'] === 'date') return fc.constantFrom('2026-01-01', '2026-02-28', '0001-01-01', '9999-12-31')
      return fc.oneof(fc.constantFrom(...KNOWN), fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/))
  }
}

/** In one case of eight. */
function seldom<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ arbitrary: fc.constant(undefined), weight: 7 }, { arbitrary: value, weight: 1 })
}

const mostly = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: good, weight: 9 }, { arbitrary: odd, weight: 1 })

function requestOf(operation: Operation, tokens: readonly (string | null)[]): fc.Arbitrary<Request> {
  const given = operation.parameters.map(({ name, in: place, schema }) =>
    fc.record({
      name: fc.constant(name),
      place: fc.constant(place),
      value: place === 'path' ? mostly(valueOf(schema)) : fc.option(mostly(valueOf(schema)), { nil: undefined }),
    }),
  )
  const extra = seldom(fc.tuple(fc.string({ maxLength: 10 }), odd))
  return fc
    .record({
      parameters: fc.tuple(...given),
      extra,
      body:
        operation.body === null
          ? fc.constant(undefined)
          : fc.oneof({ arbitrary: bodyOf(operation.body), weight: 6 }, { arbitrary: odd, weight: 1 }),
      token: fc.constantFrom(...tokens),
      type: fc.oneof(
        { arbitrary: fc.constant('application/json'), weight: 9 },
        { arbitrary: fc.constant('text/plain'), weight: 1 },
      ),
    })
    .map(({ parameters, extra, body, token, type }) => {
      let path = operation.path
      const query = new URLSearchParams()
      for (const { name, place, value } of parameters) {
        if (place === 'path') path = path.replace(`{${name}}`, encoded(String(value)))
        else if (value !== undefined) query.append(name, String(value))
      }
      if (extra !== undefined) query.append(extra[0], String(extra[1]))
      const search = query.toString()
      const whole = search === '' ? path : `${path}?${search}`
      const headers: Record<string, string> = body === undefined ? {} : { 'content-type': type }
      return { operation, path: whole, token, body, headers }
    })
}

function bodyOf(schema: Json): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      valueOf(schema),
      seldom(fc.tuple(fc.constantFrom(...Object.keys((schema['properties'] ?? { x: 0 }) as Json), 'other'), odd)),
    )
    .map(([body, change]) => (change === undefined ? body : { ...(body as Json), [change[0]]: change[1] }))
}

function encoded(value: string): string {
  return encodeURIComponent(Buffer.from(value).toString())
}

/**
 * Sends random requests to a server, as its own description says they may look, and some that may not; ends itself no
 * session and disables nothing that it needs. `check` sees each answer. Throws the smallest request that goes wrong.
 */
export async function fuzzApi(
  api: AdminApi,
  { runs, agentToken, check }: { runs: number; agentToken: string; check?: (request: Request, reply: Reply) => void },
): Promise<{ statuses: Map<number, number> }> {
  const { operations: all } = await operations(api)
  if (all.length < 20) throw new Error(`only ${all.length} operations are described`)
  const tokens = [api.write, api.write, api.write, api.read, agentToken, null, `unra_${'a'.repeat(43)}`]
  const statuses = new Map<number, number>()
  const any = fc.oneof(...all.map((operation) => requestOf(operation, tokens)))
  await fc.assert(
    fc.asyncProperty(any, async (request) => {
      const { method } = request.operation
      const reply = await api.call(request.path, {
        method,
        token: request.token,
        headers: request.headers,
        ...(request.body === undefined ? {} : { body: request.body }),
      })
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
      judge(api, request, reply, agentToken)
      check?.(request, reply)
    }),
    { numRuns: runs, endOnFailure: false, interruptAfterTimeLimit: 600_000 },
  )
  return { statuses }
}

function judge(
  api: AdminApi,
  { operation, token, path }: Request,
  { status, text, headers, body }: Reply,
  agentToken: string,
): void {
  const wrong = (what: string): never => {
    throw new Error(`${operation.method} ${path}: ${status} ${what}: ${text.slice(0, 300)}`)
  }
  if (status >= 500) wrong('a failure of the server')
  if (/\n\s+at |\bat .*:\d+:\d+|node_modules|\/src\//.test(text)) wrong('a stack trace')
  // ".." and empty segments make another path
  const isThere = new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/?]+')}(\\?|$)`).test(path)
  if (isThere && status !== 405 && !operation.statuses.includes(String(status))) wrong('is not in the description')
  if (status >= 400) {
    if (!String(headers['content-type']).startsWith('application/problem+json')) wrong('is no problem')
    if (!/^UR_/.test(String((body as Json | undefined)?.['code']))) wrong('has no code')
  }
  const isGood = token === api.write || token === api.read
  if (!isGood && isThere && status < 400) wrong('was let in')
  if (token === agentToken && isThere && status !== 401 && status !== 429 && status !== 415 && status !== 413)
    wrong('an agent was let in')
  if (token === api.read && operation.method !== 'GET' && status < 400) wrong('changed by who may only read')
}
