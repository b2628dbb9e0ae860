import { HOP_BY_HOP, type Fields } from '../../../core/http-fields.js'
import type { HeaderEdits } from '../../../config/index.js'
import { nominate, removeFields } from './connection.js'
import { Edits } from './edits.js'
import { NameTable } from './name-table.js'
import type { HttpVersion } from './request.js'
import { trailerFields } from './trailers.js'

const DROPPED = 1
const CONNECTION = 2
const TRANSFER_ENCODING = 3
const CONTENT_LENGTH = 4
const UPGRADE = 5

const TABLE = new NameTable(
  [
    ...[...HOP_BY_HOP].map((name) => [name, DROPPED] as const),
    ['x-request-id', DROPPED],
    ['connection', CONNECTION],
    ['transfer-encoding', TRANSFER_ENCODING],
    ['content-length', CONTENT_LENGTH],
    ['upgrade', UPGRADE],
  ],
  0,
)

/** What is known of a response besides its fields. */
export interface ResponseFacts {
  readonly status: number
  /** What the visitor speaks: HTTP/2 has no `Connection` and no `Upgrade` (RFC 9113 §8.2.2). */
  readonly version: HttpVersion
  readonly requestId: string
}

/**
 * What becomes of the fields of a tunnel's responses. Those of the connection go, as with requests; `Upgrade` stays in
 * 101 and 426, over HTTP/1.1. The request's id is added. What the user removes is taken out last, what he adds comes
 * after it; informational responses (1xx) are left as they came.
 */
export class ResponseHeaders {
  readonly #edits: Edits

  constructor(edits: HeaderEdits) {
    this.#edits = new Edits(edits)
  }

  /** The fields as the visitor gets them: a new array, the caller's own. `fields` are not changed. */
  rewrite(fields: Fields, { status, version, requestId }: ResponseFacts): string[] {
    const out: string[] = []
    let nominated: Set<string> | null = null
    let length: string | undefined
    let coded = false
    let upgrade: string | undefined
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i] as string
      const value = fields[i + 1] as string
      const kind = TABLE.of(name)
      if (kind === 0) {
        if (!name.startsWith(':')) out.push(name, value)
      } else if (kind === CONNECTION) nominated = nominate(value, nominated)
      else if (kind === CONTENT_LENGTH) length ??= value
      else if (kind === TRANSFER_ENCODING) coded = true
      else if (kind === UPGRADE) upgrade = upgrade === undefined ? value : `${upgrade}, ${value}`
    }
    if (nominated !== null) removeFields(out, nominated)
    if (length !== undefined && !coded) out.push('Content-Length', length)
    if (upgrade !== undefined && version !== '2' && (status === 101 || status === 426)) {
      out.push('Upgrade', upgrade, 'Connection', 'Upgrade')
    }
    if (status < 200 && status !== 101) return out
    out.push('X-Request-Id', requestId)
    this.#edits.apply(out)
    return out
  }

  /** What may come behind a response's body, in a new array. */
  trailers(fields: Fields): string[] {
    const out = trailerFields(fields)
    this.#edits.remove(out)
    return out
  }
}
