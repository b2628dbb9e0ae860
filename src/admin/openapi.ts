import { z } from 'zod'
import { VERSION } from '../core/version.js'
import type { Route } from './route.js'

type Json = Record<string, unknown>

/** What a description says beside its routes. */
export interface Description<R> {
  readonly title: string
  /** What the name of an operation does not begin with. */
  readonly prefix: string
  /** Errors that every route may answer with, besides its own. */
  readonly common: readonly number[]
  /** Of each status. */
  readonly statuses: Readonly<Record<number, string>>
  /** Of a problem's JSON. */
  readonly problem: z.ZodType
  /** Members of the document and of its components. */
  readonly security: { readonly document: Json; readonly components: Json }
  describe(route: R): string
}

/** The OpenAPI 3.1 description of `routes`. */
export function openApi<R extends Route<never>>(routes: readonly R[], description: Description<R>): Json {
  const { title, prefix, common, statuses, security } = description
  const components: Json = {}
  const schemaOf = (schema: z.ZodType): Json => hoisted(z.toJSONSchema(schema, { io: 'input' }), components)
  const problem = { $ref: '#/components/responses/Problem' }
  const paths: Record<string, Json> = {}
  for (const each of routes) {
    const { method, path, tag, summary, params, query, body, status, response, errors } = each
    const operation: Json = {
      operationId: operationId(each, prefix),
      tags: [tag],
      summary,
      description: description.describe(each),
      parameters: [...parameters('path', params, schemaOf), ...parameters('query', query, schemaOf)],
      responses: {
        [status]: { description: statuses[status], ...contentOf(response, schemaOf) },
        ...Object.fromEntries([...common, ...errors].sort().map((each) => [each, problem])),
      },
    }
    if (body !== null) operation['requestBody'] = { required: true, content: json(schemaOf(body)) }
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  const content = { 'application/problem+json': { schema: schemaOf(description.problem) } }
  return {
    openapi: '3.1.0',
    info: { title, version: VERSION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    ...security.document,
    paths,
    components: {
      schemas: components,
      responses: { Problem: { description: 'What went wrong (RFC 9457).', content } },
      ...security.components,
    },
  }
}

function operationId({ method, path }: Route<never>, prefix: string): string {
  const words = path
    .replace(prefix, '')
    .split(/[/.-]/)
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

function contentOf(response: Route<never>['response'], schemaOf: (schema: z.ZodType) => Json): Json {
  if (response === null) return {}
  if (response === 'events') return { content: { 'text/event-stream': { schema: { type: 'string' } } } }
  if (response === 'bytes') return { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } }
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
