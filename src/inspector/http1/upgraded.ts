import type { RawHeaders } from '../../proxy/http/api.js'
import { valueOf } from '../../proxy/http/fields.js'
import type { ConnectionReader, Direction, ExchangeSink, ExchangeWriter } from '../reader.js'
import { WebSocketReader } from '../websocket/reader.js'

/** Reads a connection that went over to another protocol. */
export interface UpgradedReader extends Pick<ConnectionReader, 'missed' | 'end' | 'close'> {
  push(direction: Direction, bytes: Buffer, atMs: number): void
}

/** `answerFields`: of the answer 101, or of that to CONNECT. */
export function readerOfUpgraded(
  writer: ExchangeWriter,
  sink: ExchangeSink,
  answerFields: RawHeaders,
  atMs: number,
): UpgradedReader {
  writer.requestEnd([], atMs)
  if (/^\s*websocket\s*$/i.test(valueOf(answerFields, 'upgrade') ?? '')) {
    return new WebSocketReader(writer, sink, answerFields)
  }
  return new OpaqueReader(writer, sink)
}

/** Counts the bytes of a protocol that is not read. */
class OpaqueReader implements UpgradedReader {
  readonly #writer: ExchangeWriter

  constructor(writer: ExchangeWriter, sink: ExchangeSink) {
    this.#writer = writer
    sink.skip('to-upstream', Infinity)
    sink.skip('to-visitor', Infinity)
  }

  push(direction: Direction, bytes: Buffer, atMs: number): void {
    this.missed(direction, bytes.length, atMs)
  }

  missed(direction: Direction, bytes: number, atMs: number): void {
    if (direction === 'to-upstream') this.#writer.requestBytes(bytes, atMs)
    else this.#writer.answerBytes(bytes, atMs)
  }

  end(): void {
    // Its end is that of the connection.
  }

  close(problem: string | null, atMs: number): void {
    if (problem === null) this.#writer.answerEnd([], atMs)
    else this.#writer.cut(problem, atMs)
  }
}
