import type { Exchange, KeptField, Message, TimelineEntry } from '../exchange.js'

/** An exchange as it is written to disk: without secrets. */
export function encodeExchange(exchange: Exchange): string {
  const { request, response, timeline } = exchange
  return JSON.stringify({
    ...exchange,
    targetSecret: null,
    request: encoded(request),
    response: response === null ? null : { ...encoded(response), status: response.status, reason: response.reason },
    timeline: timeline.map((entry) => ({ ...entry, payload: entry.payload.toString('base64') })),
  })
}

/** Undoes `encodeExchange`; null for what is none, such as of another version. */
export function decodeExchange(text: string): Exchange | null {
  try {
    const exchange = JSON.parse(text) as Exchange
    const { request, response, timeline } = exchange
    return {
      ...exchange,
      request: decoded(request),
      response: response === null ? null : { ...response, ...decoded(response) },
      timeline: timeline.map((entry): TimelineEntry => ({ ...entry, payload: bytesOf(entry.payload) })),
    }
  } catch {
    return null
  }
}

function encoded(message: Message): object {
  return {
    ...message,
    fields: message.fields.map(withoutSecret),
    trailers: message.trailers.map(withoutSecret),
    body: Buffer.concat(message.body).toString('base64'),
  }
}

function withoutSecret(field: KeptField): KeptField {
  return { ...field, secret: null }
}

function decoded(message: Message): Message {
  const body = bytesOf(message.body)
  return { ...message, body: body.length === 0 ? [] : [body] }
}

/** Of base64, as JSON has it. */
function bytesOf(text: unknown): Buffer {
  return Buffer.from(text as string, 'base64')
}
