import { decoderOf } from '../content-coding.js'
import type { KeptField, Message } from '../exchange.js'

type NameAndValue = Pick<KeptField, 'name' | 'value'>

/** What a compressed body may become, bytes: one may be made to grow a thousandfold. */
export const DECODED_BYTES = 16 * 1024 * 1024

/** What was kept of a body, without its content codings. */
export interface DecodedBody {
  readonly bytes: Buffer
  /** As JavaScript has it; null: it is not text. */
  readonly text: string | null
  /** Why `bytes` are as they were on the wire; null: they could be decoded. */
  readonly problem: string | null
}

/** Undoes content codings (RFC 9110 §8.4), the last one first. Of what was cut off as much comes back as there is. */
export function decodeBody(message: Pick<Message, 'body' | 'codings' | 'fields' | 'truncated'>): DecodedBody {
  const kept: Buffer = Buffer.concat(message.body)
  const { mediaType, charset } = contentType(message.fields)
  let bytes = kept
  for (const coding of [...message.codings].reverse()) {
    const decode = decoderOf(coding)
    if (decode === null) return { bytes: kept, text: null, problem: `the coding "${coding}" is not known` }
    try {
      bytes = bytes.length === 0 ? bytes : decode(bytes, DECODED_BYTES).bytes
    } catch (error) {
      return { bytes: kept, text: null, problem: reasonOf(error, coding) }
    }
  }
  return { bytes, text: textOf(bytes, mediaType, charset, message.truncated), problem: null }
}

/** The media type without parameters and the charset, both in lower case; empty: none. */
export function contentType(fields: readonly NameAndValue[]): { mediaType: string; charset: string } {
  const value = fieldValues(fields, 'content-type')[0] ?? ''
  const charset = /;\s*charset="?([\w.:-]+)"?/i.exec(value)?.[1] ?? ''
  return { mediaType: (value.split(';', 1)[0] ?? '').trim().toLowerCase(), charset: charset.toLowerCase() }
}

/** The values of all fields of that name (in lower case). */
export function fieldValues(fields: readonly NameAndValue[], lower: string): string[] {
  return fields.filter(({ name }) => name.toLowerCase() === lower).map(({ value }) => value)
}

/** Whether a media type is that of JSON (RFC 6839 §3.1). */
export function isJsonType(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json')
}

function reasonOf(error: unknown, coding: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ERR_BUFFER_TOO_LARGE') return `it is longer than ${DECODED_BYTES} bytes when it is decoded`
  return `it is not ${coding}: ${message}`
}

const TEXT_TYPES =
  /^text\/|^(application|image)\/(.+\+)?(json|xml)$|[/+](javascript|ecmascript|x-www-form-urlencoded|yaml|x-yaml|graphql|x-ndjson|jsonl|sql|toml)$/

/** Null: it is no text. `mediaType`, `charset`: in lower case; empty: not known. */
export function textOf(bytes: Buffer, mediaType: string, charset: string, truncated: boolean): string | null {
  if (bytes.length === 0) return ''
  if (mediaType !== '' && !TEXT_TYPES.test(mediaType)) return null
  try {
    // `stream`: the last character may be cut off
    const text = new TextDecoder(charset || 'utf-8', { fatal: true }).decode(bytes, { stream: truncated })
    return mediaType === '' && text.includes('\0') ? null : text
  } catch {
    return null
  }
}
