import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'

/** Undoes one content coding of a body whose end may be missing. Throws what zlib says; ERR_BUFFER_TOO_LARGE: it is longer. */
export type Decoder = (bytes: Buffer, maxOutputLength: number) => Buffer

const finishFlush = constants.Z_SYNC_FLUSH
const gzip: Decoder = (bytes, maxOutputLength) => gunzipSync(bytes, { finishFlush, maxOutputLength })
/** Some servers leave out the header of zlib. */
const deflate: Decoder = (bytes, maxOutputLength) =>
  ((bytes[0] ?? 0) & 0x0f) === 8
    ? inflateSync(bytes, { finishFlush, maxOutputLength })
    : inflateRawSync(bytes, { finishFlush, maxOutputLength })
const brotli: Decoder = (bytes, maxOutputLength) =>
  brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength })

const DECODERS: Readonly<Record<string, Decoder>> = { gzip, 'x-gzip': gzip, deflate, br: brotli }

/** The decoder of a content coding (RFC 9110 §8.4.1); null: it is not known. */
export function decoderOf(coding: string): Decoder | null {
  return Object.hasOwn(DECODERS, coding) ? DECODERS[coding]! : null
}
