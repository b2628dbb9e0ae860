import { HOP_BY_HOP } from '../../../core/http-fields.js'
import { nominate } from './connection.js'
import { NameTable } from './name-table.js'

/** What a field is to us. */
export const Kind = {
  /** Passed on as it is. */
  ORDINARY: 0,
  /** Never passed on. */
  DROPPED: 1,
  /** Passed on when a trusted proxy sent it. */
  PROXIES_WORD: 2,
  FORWARDED: 3,
  FORWARDED_FOR: 4,
  FORWARDED_PROTO: 5,
  FORWARDED_HOST: 6,
  FORWARDED_PORT: 7,
  CONNECTION: 8,
  TE: 9,
  TRANSFER_ENCODING: 10,
  CONTENT_LENGTH: 11,
  COOKIE: 12,
  VIA: 13,
  TRACEPARENT: 14,
  TRACESTATE: 15,
} as const

const TABLE = new NameTable(
  [
    ...[...HOP_BY_HOP].map((name) => [name, Kind.DROPPED] as const),
    // CGI would make it HTTP_PROXY, where programs look up their own proxy (CVE-2016-5385)
    ['proxy', Kind.DROPPED],
    ['host', Kind.DROPPED],
    ['x-request-id', Kind.DROPPED],
    ['client-cert', Kind.DROPPED],
    ['client-cert-chain', Kind.DROPPED],
    ['x-forwarded-*', Kind.PROXIES_WORD],
    ['x-real-ip', Kind.PROXIES_WORD],
    ['forwarded', Kind.FORWARDED],
    ['x-forwarded-for', Kind.FORWARDED_FOR],
    ['x-forwarded-proto', Kind.FORWARDED_PROTO],
    ['x-forwarded-host', Kind.FORWARDED_HOST],
    ['x-forwarded-port', Kind.FORWARDED_PORT],
    ['connection', Kind.CONNECTION],
    ['te', Kind.TE],
    ['transfer-encoding', Kind.TRANSFER_ENCODING],
    ['content-length', Kind.CONTENT_LENGTH],
    ['cookie', Kind.COOKIE],
    ['via', Kind.VIA],
    ['traceparent', Kind.TRACEPARENT],
    ['tracestate', Kind.TRACESTATE],
  ],
  Kind.DROPPED,
)

/** What a request's field of that name is to us: one of `Kind`. */
export function kindOfField(name: string): number {
  return TABLE.of(name)
}

/**
 * The fields of one request that are not passed on as they are. Lists are joined (RFC 9110 §5.3); of fields that have
 * one value, undefined says that there was none, null that there were several.
 */
export class GivenFields {
  /** Fields that `Connection` names, in lower case. */
  nominated: Set<string> | null = null
  /** There is a `TE: trailers`. */
  trailers = false
  /** There is a `Transfer-Encoding`: `Content-Length` does not count (RFC 9112 §6.3). */
  coded = false
  length: string | null | undefined
  cookie: string | null = null
  via: string | null = null
  traceparent: string | null | undefined
  tracestate: string | null = null
  forwarded: string | null = null
  forwardedFor: string | null = null
  forwardedProto: string | null | undefined
  forwardedHost: string | null | undefined
  forwardedPort: string | null | undefined

  /** Notes a field of a `kind` above `PROXIES_WORD`; others are ignored. */
  take(kind: number, value: string): void {
    switch (kind) {
      case Kind.CONNECTION:
        this.nominated = nominate(value, this.nominated)
        break
      case Kind.TE:
        this.trailers ||= hasTrailers(value)
        break
      case Kind.TRANSFER_ENCODING:
        this.coded = true
        break
      case Kind.CONTENT_LENGTH:
        this.length = this.length === undefined || this.length === value ? value : null
        break
      case Kind.COOKIE:
        this.cookie = joined(this.cookie, '; ', value)
        break
      case Kind.VIA:
        this.via = joined(this.via, ', ', value)
        break
      case Kind.TRACEPARENT:
        this.traceparent = only(this.traceparent, value)
        break
      case Kind.TRACESTATE:
        this.tracestate = joined(this.tracestate, ',', value)
        break
      case Kind.FORWARDED:
        this.forwarded = joined(this.forwarded, ', ', value)
        break
      case Kind.FORWARDED_FOR:
        this.forwardedFor = joined(this.forwardedFor, ', ', value)
        break
      case Kind.FORWARDED_PROTO:
        this.forwardedProto = only(this.forwardedProto, value)
        break
      case Kind.FORWARDED_HOST:
        this.forwardedHost = only(this.forwardedHost, value)
        break
      case Kind.FORWARDED_PORT:
        this.forwardedPort = only(this.forwardedPort, value)
    }
  }
}

function joined(list: string | null, separator: string, value: string): string {
  return list === null ? value : list + separator + value
}

function only(before: string | null | undefined, value: string): string | null {
  return before === undefined ? value : null
}

function hasTrailers(te: string): boolean {
  return (
    te === 'trailers' ||
    te.split(',').some(
      (coding) =>
        coding
          .trim()
          .split(/[ \t]*;/, 1)[0]
          ?.toLowerCase() === 'trailers',
    )
  )
}
