import { CertificateError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import { bodyText, type JsonAnswer, JsonClient } from './json-client.js'

export interface CloudflareOptions {
  /** A token with the rights Zone / Zone / Read and Zone / DNS / Edit. */
  readonly token: string
  readonly baseUrl?: string
  /** For one answer, ms. */
  readonly timeoutMs: number
  /** Requests before giving up. */
  readonly tries: number
}

export interface CloudflareZone {
  readonly id: string
  readonly name: string
}

export interface CloudflareRecord {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly content: string
}

export interface NewRecord {
  readonly type: string
  readonly name: string
  readonly content: string
  readonly ttl: number
  readonly proxied?: boolean
}

const BASE_URL = 'https://api.cloudflare.com/client/v4'
const PER_PAGE = 100
const ZONES_PER_PAGE = 50
const MOST_PAGES = 100
/** The record is there already, the very same. */
const IDENTICAL = new Set([81057, 81058])
/** A CNAME beside addresses, or the other way round. */
const CONFLICTS = new Set([81053, 81054, 81056])
const NOT_THERE = 81044

interface Envelope {
  readonly success: boolean
  readonly errors: readonly { readonly code: number; readonly message: string }[]
  readonly result: unknown
  readonly result_info?: { readonly total_pages?: number; readonly total_count?: number }
}

/** The calls of Cloudflare's API v4 that are needed. Every method throws CertificateError UR_DNS_…. */
export class CloudflareApi {
  readonly #client: JsonClient

  constructor({ token, baseUrl = BASE_URL, timeoutMs, tries }: CloudflareOptions) {
    const headers = { authorization: `Bearer ${token}` }
    if (token.trim() === '') throw new CertificateError('UR_DNS_OPTION', 'Cloudflare needs an API token')
    this.#client = new JsonClient({ who: 'Cloudflare', baseUrl, headers, timeoutMs, tries })
  }

  /** The zones of this very name that the token may see. */
  zones(name: string, signal: AbortSignal): Promise<CloudflareZone[]> {
    return this.#list('/zones', { name }, ZONES_PER_PAGE, isZone, signal)
  }

  /** The records of this very name, of all types or one. */
  records(zone: CloudflareZone, name: string, type: string | null, signal: AbortSignal): Promise<CloudflareRecord[]> {
    const filter = { 'name.exact': name, ...(type === null ? {} : { type }) }
    return this.#list(`/zones/${zone.id}/dns_records`, filter, PER_PAGE, isRecord, signal)
  }

  /** Having the very same record already is no error. */
  async create(zone: CloudflareZone, record: NewRecord, signal: AbortSignal): Promise<void> {
    await this.#call('POST', `/zones/${zone.id}/dns_records`, record, signal, IDENTICAL)
  }

  /** The record being gone already is no error. */
  async delete(zone: CloudflareZone, id: string, signal: AbortSignal): Promise<void> {
    await this.#call('DELETE', `/zones/${zone.id}/dns_records/${id}`, undefined, signal, new Set([NOT_THERE]))
  }

  /** First deletes, then creates, all of it or nothing. */
  async batch(zone: CloudflareZone, ids: readonly string[], records: readonly NewRecord[], signal: AbortSignal) {
    const body = { deletes: ids.map((id) => ({ id })), posts: records }
    await this.#call('POST', `/zones/${zone.id}/dns_records/batch`, body, signal)
  }

  async #list<T>(
    path: string,
    filter: Readonly<Record<string, string>>,
    perPage: number,
    isOne: (value: unknown) => value is T,
    signal: AbortSignal,
  ): Promise<T[]> {
    const found: T[] = []
    for (let page = 1; page <= MOST_PAGES; page++) {
      const query = new URLSearchParams({ ...filter, page: String(page), per_page: String(perPage) })
      const { result, result_info: info } = await this.#call('GET', `${path}?${query.toString()}`, undefined, signal)
      if (!Array.isArray(result) || !result.every(isOne)) {
        throw new CertificateError('UR_DNS_ANSWER', `Cloudflare answered ${path} with something else than a list`)
      }
      found.push(...result)
      if (page >= (info?.total_pages ?? Math.ceil((info?.total_count ?? 0) / perPage))) break
    }
    return found
  }

  async #call(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
    accepted: ReadonlySet<number> = new Set(),
  ): Promise<Envelope> {
    const answer = await this.#client.request(method, path, body, signal)
    const envelope = envelopeOf(answer)
    if (envelope.success || envelope.errors.some(({ code }) => accepted.has(code))) return envelope
    throw failureOf(answer.status, envelope, `${method} ${path.replace(/\?.*/, '')}`)
  }
}

function envelopeOf({ status, body }: JsonAnswer): Envelope {
  const envelope = body as Partial<Envelope> | null | undefined
  if (typeof envelope?.success === 'boolean' && Array.isArray(envelope.errors)) return envelope as Envelope
  const message = `Cloudflare answered with HTTP status ${status} and no JSON of its API`
  throw new CertificateError('UR_DNS_ANSWER', `${message}${bodyText(body)}`)
}

function failureOf(status: number, { errors }: Envelope, call: string): CertificateError {
  const said = errors.map(({ code, message }) => `${printable(String(message))} (${code})`).join(', ') || 'no reason'
  const message = `Cloudflare refused ${call} with HTTP status ${status}: ${said.slice(0, 500)}`
  if (status === 401 || status === 403) {
    const todo = 'the token needs the rights Zone / Zone / Read and Zone / DNS / Edit for the zone'
    return new CertificateError('UR_DNS_REFUSED', `${message}; ${todo}`)
  }
  const isConflict = errors.some(({ code }) => CONFLICTS.has(code))
  return new CertificateError(isConflict ? 'UR_DNS_CONFLICT' : 'UR_DNS_FAILED', message)
}

function isZone(value: unknown): value is CloudflareZone {
  return hasStrings(value, ['id', 'name'])
}

function isRecord(value: unknown): value is CloudflareRecord {
  return hasStrings(value, ['id', 'type', 'name', 'content'])
}

/** Ids go into paths: only what Cloudflare's are made of. */
function hasStrings(value: unknown, keys: readonly string[]): boolean {
  const record = value as Record<string, unknown> | null
  if (typeof record !== 'object' || record === null) return false
  return keys.every((key) => typeof record[key] === 'string') && /^[\w-]{1,64}$/.test(String(record['id']))
}
