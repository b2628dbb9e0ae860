import { ExchangeBook } from '../book.js'
import type { Exchange } from '../exchange.js'
import type { RecordedMessage, Recording } from '../files/recording.js'
import type { ExchangeWriter, RequestHead } from '../reader.js'
import { beginExchange, type RecordContext } from '../record/writer.js'
import type { Origin, Recorder } from './replayer.js'

/** What one exchange may take that is made to be compared, bytes. */
const COMPARED_BYTES = 256 * 1024 * 1024

/** Writes what no visitor caused into a book: redacted and bounded as what is captured. */
export class BookRecorder implements Recorder {
  readonly #context: RecordContext

  constructor({ book, redactor, bodyLimit }: RecordContext) {
    this.#context = { book, redactor, bodyLimit }
  }

  /** Times of the exchange are those of `performance.now()`. */
  begin(head: RequestHead, { tunnel, replayOf }: Origin): ExchangeWriter {
    const epochMs = Date.now() - performance.now()
    const origin = { tunnel, visitor: '', epochMs, byVisitor: false, ...(replayOf !== null && { replayOf }) }
    return beginExchange(this.#context, origin, head)
  }

  imported(recording: Recording): Exchange {
    return write(this.#context, recording)
  }

  compared(recording: Recording): Exchange {
    return write({ ...this.#context, book: new ExchangeBook(COMPARED_BYTES) }, recording)
  }
}

function write(context: RecordContext, recording: Recording): Exchange {
  const { request, response, tunnel, visitor, startedAt, timeline } = recording
  const { method, target, host, protocol, kind } = recording
  const sent = recording.sendingMs ?? 0
  const answered = sent + (recording.waitingMs ?? 0)
  const done = answered + (recording.receivingMs ?? 0)
  const origin = { tunnel, visitor, epochMs: startedAt, byVisitor: false }
  const writer = beginExchange(context, origin, {
    method,
    target,
    host,
    protocol,
    ...headOf(request),
    startedAtMs: 0,
  })
  const { exchange } = writer
  if (kind !== 'http') writer.is(kind)
  writer.requestBody(request.body, sent)
  writer.requestBytes(missing(request), sent)
  writer.requestEnd(trailersOf(request), sent)
  if (response !== null) {
    const { status, reason } = response
    writer.answer({ status, reason, ...headOf(response) }, answered)
    writer.answerBody(response.body, answered)
    writer.answerBytes(missing(response), answered)
  }
  // events were read from the body just now
  if (exchange.timeline.length === 0) for (const each of timeline) writer.message(each, each.atMs)
  if (recording.problem !== null) writer.problem(recording.problem)
  if (response === null) writer.cut(recording.problem ?? 'there was no answer', done)
  else writer.answerEnd(trailersOf(response), done)
  exchange.request.truncated ||= request.truncated
  if (exchange.response !== null) exchange.response.truncated ||= response?.truncated === true
  return exchange
}

/** The body may have been decoded, whatever the fields say. */
function headOf({ fields, codings }: RecordedMessage): { fields: string[]; codings: readonly string[] } {
  return { fields: fields.flatMap(({ name, value }) => [name, value]), codings }
}

function trailersOf({ trailers }: RecordedMessage): string[] {
  return trailers.flatMap(({ name, value }) => [name, value])
}

/** What was not kept of the body. */
function missing({ bytes, body }: RecordedMessage): number {
  return Math.max(0, bytes - body.length)
}
