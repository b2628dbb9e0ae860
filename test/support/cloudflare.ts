import { randomBytes } from 'node:crypto'
import http from 'node:http'
import { z } from 'zod'
import { listen, type Owner } from './places.js'

// The part of Cloudflare's published API that is used, as its documentation says it: the reference at
// developers.cloudflare.com/api, "Zones / List Zones" and "DNS / Records / List, Create, Delete, Batch", in the form in
// which cloudflare-typescript (generated from the same OpenAPI description) has it, read on 2026-11-28.
const RECORD_TYPES =
  'A AAAA CAA CERT CNAME DNSKEY DS HTTPS LOC MX NAPTR NS OPENPGPKEY PTR SMIMEA SRV SSHFP SVCB TLSA TXT URI'.split(' ')
const digits = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .refine((text) => Number(text) >= least && Number(text) <= most)
const Identifier = z.string().min(1).max(32)
const Name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/)

const ZoneQuery = z.strictObject({
  name: z.string().max(253).optional(),
  status: z.enum(['initializing', 'pending', 'active', 'moved']).optional(),
  match: z.enum(['any', 'all']).optional(),
  order: z.enum(['name', 'status', 'account.id', 'account.name', 'plan.id']).optional(),
  direction: z.enum(['asc', 'desc']).optional(),
  page: digits(1, 1e6).optional(),
  per_page: digits(5, 50).optional(),
})

const RecordQuery = z.strictObject({
  'name.exact': z.string().optional(),
  'content.exact': z.string().optional(),
  type: z.enum(RECORD_TYPES).optional(),
  match: z.enum(['any', 'all']).optional(),
  page: digits(1, 1e6).optional(),
  per_page: digits(1, 5_000_000).optional(),
})

const Ttl = z.union([z.literal(1), z.number().int().min(60).max(86_400)])
const common = { name: Name, ttl: Ttl, comment: z.string().max(100).optional(), tags: z.array(z.string()).optional() }
const NewRecord = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('A'), content: z.ipv4(), proxied: z.boolean().optional() }),
  z.strictObject({ ...common, type: z.literal('AAAA'), content: z.ipv6(), proxied: z.boolean().optional() }),
  z.strictObject({ ...common, type: z.literal('CNAME'), content: Name, proxied: z.boolean().optional() }),
  // "Text content for the record. The content must consist of quoted 'character strings' (RFC 1035), each with a length
  // of up to 255 bytes."
  z.strictObject({ ...common, type: z.literal('TXT'), content: z.string().regex(/^"[^"]{0,255}"( "[^"]{0,255}")*$/) }),
])
const Batch = z.strictObject({
  deletes: z
    .array(z.strictObject({ id: Identifier }))
    .max(200)
    .optional(),
  posts: z.array(NewRecord).max(200).optional(),
})

type GivenRecord = z.infer<typeof NewRecord>
type StoredRecord = GivenRecord & { readonly id: string }

export interface StoredZone {
  readonly id: string
  readonly name: string
  records: StoredRecord[]
}

/** What is answered instead, once; null: the connection is cut. */
export type Instead = { status: number; headers?: Record<string, string>; body: string } | null | 'silence'

/** Answers as Cloudflare's API does, for zones in memory; what does not keep to its schema is in `violations`. */
export class FakeCloudflare {
  readonly token = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY'
  readonly zones: StoredZone[] = []
  /** `METHOD path?query` of each request. */
  readonly requests: string[] = []
  readonly violations: string[] = []
  /** Taken from the front, one for each request. */
  readonly instead: Instead[] = []
  /** At most so many on a page, whatever is asked for; Infinity: as asked. */
  pageSize = Infinity
  baseUrl = ''

  static async start(t: Owner): Promise<FakeCloudflare> {
    const fake = new FakeCloudflare()
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => fake.#answer(request, response, Buffer.concat(chunks).toString()))
    })
    fake.baseUrl = `http://127.0.0.1:${await listen(server)}/client/v4`
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    return fake
  }

  addZone(name: string, records: readonly GivenRecord[] = []): StoredZone {
    const zone = { id: newId(), name, records: records.map((record) => ({ ...record, id: newId() })) }
    this.zones.push(zone)
    return zone
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
    this.requests.push(`${request.method} ${request.url}`)
    const instead = this.instead.shift()
    if (instead === null) return void response.socket?.destroy()
    if (instead === 'silence') return
    if (instead !== undefined) return void response.writeHead(instead.status, instead.headers).end(instead.body)
    const { status, errors = [], result = null, info } = this.#route(request, body)
    const envelope = { result, success: errors.length === 0, errors, messages: [], result_info: info }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(envelope))
  }

  #route(request: http.IncomingMessage, body: string): Reply {
    const url = new URL(request.url ?? '', 'http://x')
    const path = url.pathname.replace('/client/v4', '')
    const authorization = request.headers.authorization
    if (authorization === undefined)
      return refused(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers')
    if (!/^Bearer [\w-]{40}$/.test(authorization)) return refused(400, 6003, 'Invalid request headers')
    if (authorization !== `Bearer ${this.token}`) return refused(403, 10000, 'Authentication error')
    if ((body !== '') !== (request.headers['content-type'] === 'application/json'))
      this.#violate(request, 'content-type')
    if (path === '/zones' && request.method === 'GET') {
      const query = this.#check(request, ZoneQuery, Object.fromEntries(url.searchParams))
      if (query === null) return refused(400, 1000, 'invalid query')
      const found = this.zones.filter(({ name }) => query.name === undefined || query.name === name)
      return this.#page(
        found.map(({ id, name }) => ({ id, name, status: 'active' })),
        query.page,
        query.per_page ?? '20',
      )
    }
    const [, id, rest] = /^\/zones\/([^/]+)\/dns_records(\/.*)?$/.exec(path) ?? []
    const zone = this.zones.find((each) => each.id === id)
    if (zone === undefined)
      return refused(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`)
    return this.#records(request, zone, rest ?? '', url, body)
  }

  #records(request: http.IncomingMessage, zone: StoredZone, rest: string, url: URL, body: string): Reply {
    switch (`${request.method} ${rest.replace(/^\/(?!batch$).+/, '/:id')}`) {
      case 'GET ': {
        const query = this.#check(request, RecordQuery, Object.fromEntries(url.searchParams))
        if (query === null) return refused(400, 1004, 'DNS Validation Error')
        const found = zone.records.filter((record) => {
          return (query.type ?? record.type) === record.type && (query['name.exact'] ?? record.name) === record.name
        })
        return this.#page(found, query.page, query.per_page ?? '100')
      }
      case 'POST ': {
        const record = this.#check(request, NewRecord, JSON.parse(body))
        return record === null ? refused(400, 9005, 'Content is invalid.') : add(zone, record)
      }
      case 'POST /batch':
        return this.#batch(request, zone, body)
      case 'DELETE /:id':
        if (body !== '') this.#violate(request, 'a body')
        return remove(zone, rest.slice(1))
      default:
        return refused(405, 10405, 'Method not allowed for this authentication scheme')
    }
  }

  #batch(request: http.IncomingMessage, zone: StoredZone, body: string): Reply {
    const batch = this.#check(request, Batch, JSON.parse(body))
    if (batch === null) return refused(400, 1004, 'DNS Validation Error')
    const before = zone.records
    const changes = [
      ...(batch.deletes ?? []).map(
        ({ id }) =>
          () =>
            remove(zone, id),
      ),
      ...(batch.posts ?? []).map((record) => () => add(zone, record)),
    ]
    for (const change of changes) {
      const reply = change()
      if (reply.errors === undefined) continue
      zone.records = before
      return reply
    }
    return { status: 200, result: { deletes: batch.deletes, posts: batch.posts } }
  }

  #page(all: readonly unknown[], page = '1', perPage: string): Reply {
    const size = Math.min(Number(perPage), this.pageSize)
    const result = all.slice((Number(page) - 1) * size, Number(page) * size)
    const total = { total_count: all.length, total_pages: Math.ceil(all.length / size) }
    return { status: 200, result, info: { page: Number(page), per_page: size, count: result.length, ...total } }
  }

  #check<T>(request: http.IncomingMessage, schema: z.ZodType<T>, value: unknown): T | null {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    this.#violate(request, `${JSON.stringify(value)}: ${z.prettifyError(parsed.error)}`)
    return null
  }

  #violate(request: http.IncomingMessage, what: string): void {
    this.violations.push(`${request.method} ${request.url}: ${what}`)
  }
}

interface Reply {
  readonly status: number
  readonly errors?: readonly { code: number; message: string }[]
  readonly result?: unknown
  readonly info?: unknown
}

function add(zone: StoredZone, record: z.infer<typeof NewRecord>): Reply {
  const beside = zone.records.filter(({ name }) => name === record.name)
  if (beside.some(({ type, content }) => type === record.type && content === record.content)) {
    return refused(400, 81058, 'An identical record already exists.')
  }
  if (beside.some(({ type }) => (type === 'CNAME') !== (record.type === 'CNAME') || type === 'CNAME')) {
    return record.type === 'CNAME'
      ? refused(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.')
      : refused(400, 81054, 'A CNAME record with that host already exists.')
  }
  const stored = { ...record, id: newId() }
  zone.records = [...zone.records, stored]
  return { status: 200, result: stored }
}

function remove(zone: StoredZone, id: string): Reply {
  if (!zone.records.some((record) => record.id === id)) return refused(404, 81044, 'Record does not exist.')
  zone.records = zone.records.filter((record) => record.id !== id)
  return { status: 200, result: { id } }
}

function refused(status: number, code: number, message: string): Reply {
  return { status, errors: [{ code, message }] }
}

function newId(): string {
  return randomBytes(16).toString('hex')
}
