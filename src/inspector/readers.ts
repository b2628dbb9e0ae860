import { Http1Reader } from './http1/reader.js'
import { Http2Reader } from './http2/http2-reader.js'
import type { ConnectionReader, ExchangeSink } from './reader.js'

/** The reader of a connection on which `protocol` is spoken. `bodyLimit`: bytes of a body that are kept. */
export function newReader(protocol: 'http1' | 'http2', sink: ExchangeSink, bodyLimit: number): ConnectionReader {
  return protocol === 'http1' ? new Http1Reader(sink) : new Http2Reader(sink, bodyLimit)
}
