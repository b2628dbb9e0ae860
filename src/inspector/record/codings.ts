import { listOf } from '../../proxy/http/fields.js'
import type { RawHeaders } from '../../proxy/http/api.js'
import { decoderOf, type Decoder } from '../content-coding.js'
import type { InflationBudget } from './inflation-budget.js'

/** The content codings of a message, in the order in which they were applied (RFC 9110 §8.4). */
export function codingsOf(fields: RawHeaders): readonly string[] {
  const codings = listOf(fields, 'content-encoding')
  return codings.length === 0 ? NONE : codings.filter((coding) => coding !== 'identity')
}

const NONE: readonly string[] = []

export type Decoded =
  | {
      readonly kind: 'decoded'
      readonly bytes: Buffer
      /** Of this coding only the beginning is valid, and `bytes` is what that holds; null: all of it is. */
      readonly broken: string | null
      /** There is more behind it, which is not of its coding. */
      readonly hasMore: boolean
    }
  /** It is text, and not what its coding says. */
  | { readonly kind: 'plain'; readonly coding: string }
  /** It is neither what its coding says nor text. */
  | { readonly kind: 'invalid'; readonly coding: string }
  | { readonly kind: 'unknown'; readonly coding: string }
  /** It would be more than `maxBytes`, or more than may be decompressed now. */
  | { readonly kind: 'too-large' | 'too-much' }

/** More than this in a row is a trick. */
const MAX_CODINGS = 4
/** The end of what is valid is looked for as exactly as this part of the whole. */
const EXACTNESS = 4_096

/** Undoes the codings of a body that came at this time, and of which the end may be missing, up to `maxBytes`. */
export function decodeBody(
  body: Buffer,
  codings: readonly string[],
  maxBytes: number,
  budget: InflationBudget,
  atMs: number,
): Decoded {
  if (codings.length > MAX_CODINGS) return { kind: 'unknown', coding: codings.join(', ') }
  let bytes = body
  let broken: string | null = null
  let hasMore = false
  for (const coding of [...codings].reverse()) {
    const decoder = decoderOf(coding)
    if (decoder === null) return { kind: 'unknown', coding }
    const undo = (part: Buffer) => undone(part, decoder, maxBytes, budget, atMs)
    const whole = undo(bytes)
    if (whole.kind === 'decoded') {
      hasMore ||= whole.value.used < bytes.length
      bytes = whole.value.bytes
    } else if (whole.kind !== 'invalid') return { kind: whole.kind }
    else if (broken === null && isText(bytes)) return { kind: 'plain', coding }
    else {
      const beginning = validBeginning(bytes, undo)
      if (beginning === null) return { kind: 'invalid', coding }
      broken ??= coding
      bytes = beginning
    }
  }
  return { kind: 'decoded', bytes, broken, hasMore }
}

function undone(bytes: Buffer, decoder: Decoder, maxBytes: number, budget: InflationBudget, atMs: number) {
  return budget.inflate(
    bytes.length,
    maxBytes,
    atMs,
    (most) => decoder(bytes, most),
    (made) => made.bytes.length,
  )
}

/**
 * What the longest beginning that is valid holds, or nearly: zlib gives nothing of what it decoded in front of an error.
 * Null: nothing. Each try counts in the budget, and with that it ends.
 */
function validBeginning(bytes: Buffer, undo: (part: Buffer) => ReturnType<typeof undone>): Buffer | null {
  let found: Buffer | null = null
  let valid = 0
  let invalid = bytes.length
  while (invalid - valid > Math.max(1, bytes.length / EXACTNESS)) {
    const middle = Math.floor((valid + invalid) / 2)
    const part = undo(bytes.subarray(0, middle))
    if (part.kind === 'decoded') {
      found = part.value.bytes
      valid = middle
    } else if (part.kind === 'invalid') invalid = middle
    else break
  }
  return found === null || found.length === 0 ? null : found
}

/** Whether it is UTF-8 without control characters: nothing compressed looks like that. */
function isText(bytes: Buffer): boolean {
  try {
    // `stream`: the last character may be cut off
    return !CONTROLS.test(new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true }))
  } catch {
    return false
  }
}

// eslint-disable-next-line no-control-regex -- but for those of text and of terminals
const CONTROLS = /[\0-\x08\x0e-\x1a\x1c-\x1f]/
