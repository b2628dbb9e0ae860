import type { Answer, KeptField, Message } from '../../src/inspector/exchange.js'
import type { ExchangeBook } from '../../src/inspector/book.js'
import { Redactor } from '../../src/inspector/redact/index.js'
import { BookRecorder } from '../../src/inspector/replay/book-recorder.js'

/** What a test's recorder takes for secrets. */
const SECRET = new Set(['authorization', 'set-cookie'])

export function kept(flat: readonly string[], reveal = true): KeptField[] {
  const fields: KeptField[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const [name, value] = [flat[i]!, flat[i + 1]!]
    const redacted = SECRET.has(name.toLowerCase())
    fields.push({ name, value: redacted ? '[redacted]' : value, redacted, secret: redacted && reveal ? value : null })
  }
  return fields
}

export function message(
  flat: readonly string[] = [],
  body: string | Buffer = '',
  parts: Partial<Message> = {},
): Message {
  const bytes = Buffer.from(body as string)
  return {
    fields: kept(flat),
    trailers: [],
    fieldsCost: 0,
    body: bytes.length === 0 ? [] : [bytes],
    bytes: bytes.length,
    codings: [],
    truncated: false,
    redacted: false,
    problem: null,
    ...parts,
  }
}

export function answer(
  status: number,
  flat: readonly string[] = [],
  body: string | Buffer = '',
  parts: Partial<Message> = {},
): Answer {
  return { ...message(flat, body, parts), status, reason: 'OK' }
}

/** Keeps in this book what is redacted, and the secrets beside it. */
export function recorder(book: ExchangeBook): BookRecorder {
  return new BookRecorder({
    book,
    redactor: new Redactor({ headers: [], jsonPaths: [], reveal: true }),
    bodyLimit: 1_000_000,
  })
}
