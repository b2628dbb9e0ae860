import type { Answer, Exchange, KeptField, Message, TimelineEntry } from '../exchange.js'
import { KeptAnswer, KeptMessage } from '../record/kept-message.js'
import { Section } from '../record/section.js'

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
      byVisitor: exchange.byVisitor ?? exchange.replayOf === null,
      request: filled(new KeptMessage(Section.of(request.fields), request.codings), request),
      response: response === null ? null : answerOf(response),
      timeline: timeline.map((entry): TimelineEntry => ({ ...entry, payload: bytesOf(entry.payload) })),
    }
  } catch {
    return null
  }
}

function encoded({ fields, trailers, body, bytes, codings, truncated, redacted, problem }: Message): object {
  return {
    fields: fields.map(withoutSecret),
    trailers: trailers.map(withoutSecret),
    body: Buffer.concat(body).toString('base64'),
    bytes,
    codings,
    truncated,
    redacted,
    problem,
  }
}

function withoutSecret(field: KeptField): KeptField {
  return { ...field, secret: null }
}

function answerOf(answer: Answer): Answer {
  const { fields, codings, status, reason } = answer
  return filled(new KeptAnswer(Section.of(fields), codings, status, reason), answer)
}

/** `written`: as JSON has it. */
function filled<M extends KeptMessage>(kept: M, written: Message): M {
  const body = bytesOf(written.body)
  kept.setTrailers(Section.of(written.trailers))
  kept.bytes = written.bytes
  kept.truncated = written.truncated
  kept.redacted = written.redacted
  kept.problem = written.problem
  if (body.length > 0) kept.body.push(body)
  return kept
}

/** Of base64, as JSON has it. */
function bytesOf(text: unknown): Buffer {
  return Buffer.from(text as string, 'base64')
}
