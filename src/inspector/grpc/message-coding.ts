import { gunzipSync, inflateSync } from 'node:zlib'

/** Decompresses a whole message. Throws what zlib says; ERR_BUFFER_TOO_LARGE: it is longer. */
type MessageDecoder = (payload: Buffer, maxOutputLength: number) => Buffer

const DECODERS: ReadonlyMap<string, MessageDecoder> = new Map<string, MessageDecoder>([
  ['gzip', (payload, maxOutputLength) => gunzipSync(payload, { maxOutputLength })],
  ['deflate', (payload, maxOutputLength) => inflateSync(payload, { maxOutputLength })],
])

/** The decoder for what `grpc-encoding` says (gRPC over HTTP/2, "Message-Encoding"); null: it is not known. */
export function messageDecoder(coding: string): MessageDecoder | null {
  return DECODERS.get(coding) ?? null
}
