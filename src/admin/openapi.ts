import { z } from 'zod'
import { VERSION } from '../core/version.js'
import type { Endpoint } from './endpoint.js'
import { Problem } from './schemas.js'

type Json = Record<string, unknown>

/** Errors that every endpoint may answer with, besides its own. */
const COMMON = [400, 401, 403, 413, 415, 421, 422, 429, 503] as const
const DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Made.',
  204: 'Done; there is nothing to tell.',
  400: 'The request was not understood.',
  401: 'No token, or one that is no good.',
  403: 'The token may not change anything, or a page of another site sent the request.',
  404: 'There is no such thing.',
  409: 'Somebody has it already.',
  413: 'The body is too long.',
  415: 'The body is not JSON.',
  421: 'The request is for a host that is not this server’s.',
  422: 'A field is wrong; `errors` names it.',
  429: 'Too much for now; `Retry-After` says when it may be tried again.',
  503: 'The database does not answer; it may be tried again.',
}

/** The OpenAPI 3.1 description of `endpoints`. */
export function openApi(endpoints: readonly Endpoint[]): Json {
  const components: Json = {}
  const schemaOf = (schema: z.ZodType): Json => hoisted(z.toJSONSchema(schema, { io: 'input' }), components)
  const problem = { $ref: '#/components/responses/Problem' }
  const paths: Record<string, Json> = {}
  for (const each of endpoints) {
    const { method, path, tag, summary, scope, params, query, body, status, response, errors } = each
    const operation: Json = {
      operationId: operationId(each),
      tags: [tag],
      summary,
      description: `Needs a token of the scope \`${scope}\`.`,
      parameters: [...parameters('path', params, schemaOf), ...parameters('query', query, schemaOf)],
      responses: {
        [status]: { description: DESCRIPTIONS[status], ...contentOf(response, schemaOf) },
        ...Object.fromEntries([...COMMON, ...errors].sort().map((each) => [each, problem])),
      },
    }
    if (body !== null) operation['requestBody'] = { required: true, content: json(schemaOf(body)) }
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  const content = { 'application/problem+json': { schema: schemaOf(Problem) } }
  return {
    openapi: '3.1.0',
    info: { title: 'UniRoute admin API', version: VERSION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: components,
      responses: { Problem: { description: 'What went wrong (RFC 9457).', content } },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: '`unra_…`, from `uniroutd admin-token create`.' },
      },
    },
  }
}

function operationId({ method, path }: Endpoint): string {
  const words = path
    .replace('/api/v1/', '')
    .split(/[/-]/)
    .map((word) => word.replace(/[{}]/g, ''))
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parameters(place: 'path' | 'query', fields: z.ZodObject, schemaOf: (schema: z.ZodType) => Json): Json[] {
  return Object.entries(fields.shape).map(([name, field]) => {
    const { description, ...schema } = schemaOf(field as z.ZodType)
    return {
      name,
      in: place,
      required: place === 'path',
      ...(description === undefined ? {} : { description }),
      schema,
    }
  })
}

function contentOf(response: Endpoint['response'], schemaOf: (schema: z.ZodType) => Json): Json {
  if (response === null) return {}
  if (response === 'events') return { content: { 'text/event-stream': { schema: { type: 'string' } } } }
  return { content: json(schemaOf(response)) }
}

function json(schema: Json): Json {
  return { 'application/json': { schema } }
}

/** Puts schemas that have a name among the components, and refers to them there. */
function hoisted({ $schema: _, $defs = {}, ...schema }: Json, components: Json): Json {
  for (const [name, definition] of Object.entries($defs as Json)) components[name] = referring(definition)
  const { id, ...own } = referring(schema) as Json
  if (typeof id !== 'string') return own
  components[id] = own
  return { $ref: `#/components/schemas/${id}` }
}

function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : referring(inner),
    ]),
  )
}
