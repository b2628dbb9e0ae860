import type { PreparedFields, RawHeaders } from './api.js'
import { RandomIds, startedTrace } from './headers/index.js'
import { requestLines } from './request-text.js'

/** Stands for the id of a request, and for the trace that begins with it: no field has them by chance. */
export const ANY_ID = new RandomIds().hex(16)
const ANY_TRACE = startedTrace(ANY_ID)

/** Fields of requests that differ in nothing but their ids. */
export class FieldsOfAny implements PreparedFields {
  readonly #fields: RawHeaders
  readonly #lines: string
  /** Lines behind the id, and behind the trace; null: there is none. */
  readonly #behindId: string | null
  readonly #behindTrace: string | null

  /**
   * `fields`: those of a request with the id `ANY_ID`, not one that wants to be upgraded. Throws ProtocolError
   * UR_HTTP_MALFORMED.
   */
  constructor(fields: RawHeaders) {
    this.#fields = fields
    const [before, behindTrace] = cut(requestLines(fields, null), ANY_TRACE)
    const [lines, behindId] = cut(before, ANY_ID)
    this.#lines = lines
    this.#behindId = behindId
    this.#behindTrace = behindTrace
  }

  fieldsFor(requestId: string): string[] {
    const trace = startedTrace(requestId)
    return this.#fields.map((part) => (part === ANY_ID ? requestId : part === ANY_TRACE ? trace : part))
  }

  linesFor(requestId: string): string {
    let lines = this.#lines
    if (this.#behindId !== null) lines += requestId + this.#behindId
    if (this.#behindTrace !== null) lines += startedTrace(requestId) + this.#behindTrace
    return lines
  }
}

function cut(text: string, at: string): readonly [string, string | null] {
  const start = text.indexOf(at)
  return start < 0 ? [text, null] : [text.slice(0, start), text.slice(start + at.length)]
}
