export * from './frames.js'
export { HpackDecoder, HpackError } from './hpack-decoder.js'
export { HpackEncoder } from './hpack-encoder.js'
export type { HeaderField } from './static-table.js'
