/** Castagnoli polynomial, bit-reversed (RFC 4960 appendix B). */
const POLYNOMIAL = 0x82f63b78

const TABLE: Readonly<Uint32Array> = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
})

/** CRC-32C of several pieces in a row, as an unsigned number. */
export function crc32c(...pieces: readonly Uint8Array[]): number {
  let crc = 0xffffffff
  for (const piece of pieces) for (const byte of piece) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
