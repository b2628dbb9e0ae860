import { listOf } from '../../proxy/http/fields.js'
import type { RawHeaders } from '../../proxy/http/api.js'
import { decoderOf } from '../content-coding.js'

/** The content codings of a message, in the order in which they were applied (RFC 9110 §8.4). */
export function codingsOf(fields: RawHeaders): readonly string[] {
  const codings = listOf(fields, 'content-encoding')
  return codings.length === 0 ? NONE : codings.filter((coding) => coding !== 'identity')
}

const NONE: readonly string[] = []

export type Decoded =
  | { readonly kind: 'decoded'; readonly bytes: Buffer }
  /** It is not what its coding says. */
  | { readonly kind: 'invalid'; readonly coding: string }
  | { readonly kind: 'unknown'; readonly coding: string }
  /** It would be more than `maxBytes`. */
  | { readonly kind: 'too-large' }

/** More than this in a row is a trick. */
const MAX_CODINGS = 4

/** Undoes the codings of a body, of which the end may be missing, up to `maxBytes`. */
export function decodeBody(body: Buffer, codings: readonly string[], maxBytes: number): Decoded {
  if (codings.length > MAX_CODINGS) return { kind: 'unknown', coding: codings.join(', ') }
  let bytes = body
  for (const coding of [...codings].reverse()) {
    const decoder = decoderOf(coding)
    if (decoder === null) return { kind: 'unknown', coding }
    try {
      bytes = decoder(bytes, maxBytes)
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      return isTooLarge ? { kind: 'too-large' } : { kind: 'invalid', coding }
    }
  }
  return { kind: 'decoded', bytes }
}
