import type { Exchange, KeptField, Message, TimelineEntry } from './exchange.js'

/** What an exchange takes beside its fields, bodies and timeline: objects, short strings, its place in the book. */
const EXCHANGE_BYTES = 1_200
const FIELD_BYTES = 72
export const STRING_BYTES = 24
/** A Buffer and the memory block behind it. */
const BUFFER_BYTES = 176
const TIMELINE_ENTRY_BYTES = 160

/** Estimated memory that an exchange takes, bytes, overhead included. */
export function costOf(exchange: Exchange): number {
  const { method, target, targetSecret, host, request, response, timeline } = exchange
  let bytes = EXCHANGE_BYTES + stringCost(method) + stringCost(target) + stringCost(host) + messageCost(request)
  if (targetSecret !== null) bytes += stringCost(targetSecret)
  if (response !== null) bytes += messageCost(response) + stringCost(response.reason)
  for (const entry of timeline) bytes += timelineCost(entry)
  return bytes
}

function messageCost(message: Message): number {
  return message.fieldsCost + costOfBody(message)
}

export function costOfBody({ body }: Message): number {
  let bytes = 0
  for (const piece of body) bytes += bufferCost(piece.length)
  return bytes
}

export function fieldsCost(fields: readonly KeptField[]): number {
  let bytes = 0
  for (const { name, value, secret } of fields) {
    bytes += FIELD_BYTES + stringCost(name) + stringCost(value) + (secret === null ? 0 : stringCost(secret))
  }
  return bytes
}

export function bufferCost(length: number): number {
  return BUFFER_BYTES + length
}

export function timelineCost({ payload, label, problem }: TimelineEntry): number {
  return TIMELINE_ENTRY_BYTES + bufferCost(payload.length) + stringCost(label) + stringCost(problem ?? '')
}

/** Latin-1 text takes one byte a character, any other two; short text is counted as if it were its own. */
export function stringCost(text: string): number {
  return STRING_BYTES + (isLatin1(text) ? text.length : 2 * text.length)
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false
  return true
}
