import { createHash } from 'node:crypto'
import type { DiffEntry, ExchangeDiff } from '../contract.js'
import type { Exchange, Message } from '../exchange.js'
import { contentType, decodeBody, type DecodedBody, isJsonType } from '../files/body.js'
import { diffJson, parseJson } from './diff-json.js'
import { diffLines } from './diff-lines.js'

/** Fields that differ from one answer to the next, or that say how a body is sent and not what it is; in lower case. */
export const CHANGING_FIELDS: readonly string[] = [
  'age',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server-timing',
  'traceparent',
  'transfer-encoding',
  'x-request-id',
  'x-response-time',
  'x-runtime',
]

export interface DiffOptions {
  /** Fields that do not count beside `CHANGING_FIELDS`; in any case. */
  readonly ignoredFields?: readonly string[]
  /** JSON Pointers (RFC 6901) whose values do not count; `*` is any key or index. */
  readonly ignoredPointers?: readonly string[]
}

type BodyDiff = ExchangeDiff['body']

/** How the second answer differs from the first. */
export function diffAnswers(before: Exchange, after: Exchange, options: DiffOptions = {}): ExchangeDiff {
  const { ignoredFields = [], ignoredPointers = [] } = options
  const status = { before: before.response?.status ?? null, after: after.response?.status ?? null }
  const fields = diffFields(before.response, after.response, [...CHANGING_FIELDS, ...ignoredFields.map(lower)])
  const body = diffBodies(before.response, after.response, ignoredPointers)
  const sameStatus = status.before === status.after
  return {
    same: sameStatus && fields.length === 0 && body.kind === 'same',
    status: { ...status, same: sameStatus },
    fields,
    body,
  }
}

function diffFields(before: Message | null, after: Message | null, ignored: readonly string[]): DiffEntry[] {
  const one = valuesByName(before, ignored)
  const other = valuesByName(after, ignored)
  const entries: DiffEntry[] = []
  for (const key of [...new Set([...one.keys(), ...other.keys()])].sort()) {
    const [was, is] = [one.get(key), other.get(key)]
    if (was === undefined) entries.push({ key, change: 'added', before: null, after: unwrapped(is!) })
    else if (is === undefined) entries.push({ key, change: 'removed', before: unwrapped(was), after: null })
    else if (was.join('\n') !== is.join('\n')) {
      entries.push({ key, change: 'changed', before: unwrapped(was), after: unwrapped(is) })
    }
  }
  return entries
}

/** Fields and trailers by name in lower case; the order of different names means nothing (RFC 9110 §5.3). */
function valuesByName(message: Message | null, ignored: readonly string[]): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const { name, value } of message === null ? [] : [...message.fields, ...message.trailers]) {
    const key = lower(name)
    if (!ignored.includes(key)) values.set(key, [...(values.get(key) ?? []), value])
  }
  return values
}

function unwrapped(values: readonly string[]): unknown {
  return values.length === 1 ? values[0] : values
}

function diffBodies(before: Message | null, after: Message | null, ignoredPointers: readonly string[]): BodyDiff {
  const [one, other] = [decoded(before), decoded(after)]
  if (one.bytes.equals(other.bytes) && lengthOf(before, one) === lengthOf(after, other)) return { kind: 'same' }
  if (one.text !== null && other.text !== null) {
    const json = bothJson([before, after], [one.text, other.text])
    if (json !== null) {
      const entries = diffJson(json[0], json[1], ignoredPointers)
      return entries.length === 0 ? { kind: 'same' } : { kind: 'json', entries }
    }
    return { kind: 'text', lines: diffLines(one.text, other.text) }
  }
  return {
    kind: 'binary',
    before: lengthOf(before, one),
    after: lengthOf(after, other),
    beforeSha256: sha256(one.bytes),
    afterSha256: sha256(other.bytes),
  }
}

const NO_BODY: DecodedBody = { bytes: Buffer.alloc(0), text: '', problem: null }

function decoded(message: Message | null): DecodedBody {
  return message === null || message.body.length === 0 ? NO_BODY : decodeBody(message)
}

/** Of the body as it was sent where only its beginning was kept: codings may pack the same in another way. */
function lengthOf(message: Message | null, { bytes }: DecodedBody): number {
  return message?.truncated ? message.bytes : bytes.length
}

function bothJson(messages: (Message | null)[], texts: [string, string]): [unknown, unknown] | null {
  const announced = messages.some((message) => message && isJsonType(contentType(message.fields).mediaType))
  if (!announced && !texts.every((text) => /^\s*[[{]/.test(text))) return null
  try {
    return [parseJson(texts[0]), parseJson(texts[1])]
  } catch {
    return null
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function lower(text: string): string {
  return text.toLowerCase()
}
