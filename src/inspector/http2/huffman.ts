/**
 * Bits of the code of each octet (RFC 7541, Appendix B). The code is canonical: shorter ones first, then by octet, so
 * the lengths say all. The 257th is the end of the string, which is never written whole.
 */
const LENGTHS = (
  '13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 ' +
  '6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 ' +
  '13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6 ' +
  '15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 ' +
  '20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 ' +
  '22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 ' +
  '26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27 ' +
  '20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 30'
)
  .split(' ')
  .map(Number)

const END = 256
const LONGEST = 30
/** Less than a whole octet may be left over, all ones. */
const LONGEST_PADDING = 7

/** For each length, its first code and where its symbols begin in `SYMBOLS`. */
const FIRST_CODE = new Uint32Array(LONGEST + 2)
const FIRST_SYMBOL = new Uint16Array(LONGEST + 2)
const COUNT = new Uint16Array(LONGEST + 2)
const SYMBOLS = LENGTHS.map((_, symbol) => symbol).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b)

let code = 0
let symbol = 0
for (let length = 1; length <= LONGEST; length++) {
  const count = LENGTHS.filter((bits) => bits === length).length
  FIRST_CODE[length] = code
  FIRST_SYMBOL[length] = symbol
  COUNT[length] = count
  code = (code + count) << 1
  symbol += count
}

/** Decodes a Huffman string (RFC 7541 §5.2) into latin1 text; null: it is none. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | null {
  // The shortest code has 5 bits.
  const out = Buffer.allocUnsafe(Math.ceil(((end - start) * 8) / 5))
  let written = 0
  let bits = 0
  let length = 0
  for (let at = start; at < end; at++) {
    const octet = bytes[at]!
    for (let shift = 7; shift >= 0; shift--) {
      bits = (bits << 1) | ((octet >> shift) & 1)
      length++
      const offset = bits - FIRST_CODE[length]!
      if (offset < COUNT[length]!) {
        const found = SYMBOLS[FIRST_SYMBOL[length]! + offset]!
        if (found === END) return null
        out[written++] = found
        bits = 0
        length = 0
      } else if (length === LONGEST) return null
    }
  }
  const padded = length <= LONGEST_PADDING && bits === (1 << length) - 1
  return padded ? out.toString('latin1', 0, written) : null
}
