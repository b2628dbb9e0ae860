import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, type ZlibOptions } from 'node:zlib'

/** What a decoder made of bytes. */
export interface Undone {
  readonly bytes: Buffer
  /** How many bytes it read: what comes behind them is not of the coding. */
  readonly used: number
}

/** Undoes one content coding of a body whose end may be missing. Throws what zlib says; ERR_BUFFER_TOO_LARGE: it is longer. */
export type Decoder = (bytes: Buffer, maxOutputLength: number) => Undone

const finishFlush = constants.Z_SYNC_FLUSH
const gzip = decoder(gunzipSync, finishFlush)
const zlib = decoder(inflateSync, finishFlush)
const raw = decoder(inflateRawSync, finishFlush)
/** Some servers leave out the header of zlib. */
const deflate: Decoder = (bytes, maxOutputLength) =>
  (((bytes[0] ?? 0) & 0x0f) === 8 ? zlib : raw)(bytes, maxOutputLength)
const brotli = decoder(brotliDecompressSync, constants.BROTLI_OPERATION_FLUSH)

const DECODERS: Readonly<Record<string, Decoder>> = { gzip, 'x-gzip': gzip, deflate, br: brotli }

/** The decoder of a content coding (RFC 9110 §8.4.1); null: it is not known. */
export function decoderOf(coding: string): Decoder | null {
  return Object.hasOwn(DECODERS, coding) ? DECODERS[coding]! : null
}

function decoder(decode: (bytes: Buffer, options: ZlibOptions) => unknown, finishFlush: number): Decoder {
  return (bytes, maxOutputLength) => {
    const options = { finishFlush, maxOutputLength, info: true }
    // That is what `info` makes of it, which the types do not say.
    const { buffer, engine } = decode(bytes, options) as { buffer: Buffer; engine: { bytesWritten: number } }
    return { bytes: buffer, used: engine.bytesWritten }
  }
}
