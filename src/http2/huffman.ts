/**
 * Bits of the code of each octet (RFC 7541, Appendix B). The code is canonical: shorter ones first, then by octet, so
 * the lengths say all. The 257th is the end of the string, whose 30 ones are never written whole.
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
/** Less than a whole octet may be left over, all ones. */
const LONGEST_PADDING = 7

/** The tree of the code, two entries for each inner node: another inner node, or `-1 - octet`. The root is node 0. */
const TREE = buildTree()

/**
 * The code as a machine that reads four bits at a time. A state is an inner node: what of a code has been read. For each
 * state and each four bits: the next state in the low byte, an octet that has become whole in the second, and flags.
 */
const OCTET = 1 << 16
const FAILED = 1 << 17
const STEPS = buildSteps()
/** Where a string may end: behind a whole code, or in its padding. */
const MAY_END = buildEnds()

/** Decodes a Huffman string (RFC 7541 §5.2) into latin1 text; null: it is none. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | null {
  // The shortest code has 5 bits.
  const out = Buffer.allocUnsafe(Math.ceil(((end - start) * 8) / 5))
  let written = 0
  let state = 0
  for (let at = start; at < end; at++) {
    const octet = bytes[at]!
    const high = STEPS[(state << 4) | (octet >> 4)]!
    if (high & OCTET) out[written++] = (high >> 8) & 0xff
    const low = STEPS[((high & 0xff) << 4) | (octet & 15)]!
    if (low & OCTET) out[written++] = (low >> 8) & 0xff
    if ((high | low) & FAILED) return null
    state = low & 0xff
  }
  return MAY_END[state] === 1 ? out.toString('latin1', 0, written) : null
}

function buildTree(): Int16Array {
  const tree = new Int16Array(2 * END)
  const symbols = LENGTHS.map((_, symbol) => symbol).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b)
  let nodes = 1
  let code = 0
  let length = 0
  for (const symbol of symbols) {
    code *= 2 ** (LENGTHS[symbol]! - length)
    length = LENGTHS[symbol]!
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const branch = 2 * node + ((code >> bit) & 1)
      if (tree[branch] === 0) tree[branch] = nodes++
      node = tree[branch]!
    }
    tree[2 * node + (code & 1)] = -1 - symbol
    code++
  }
  return tree
}

function buildSteps(): Uint32Array {
  const steps = new Uint32Array(END * 16)
  for (let at = 0; at < steps.length; at++) {
    let node = at >> 4
    let step = 0
    for (let bit = 3; bit >= 0; bit--) {
      node = TREE[2 * node + ((at >> bit) & 1)]!
      if (node >= 0) continue
      step = node === -1 - END ? FAILED : OCTET | ((-1 - node) << 8)
      node = 0
      if (step === FAILED) break
    }
    steps[at] = step | node
  }
  return steps
}

function buildEnds(): Uint8Array {
  const ends = new Uint8Array(END)
  let node = 0
  for (let bits = 0; bits <= LONGEST_PADDING; bits++) {
    ends[node] = 1
    node = TREE[2 * node + 1]!
  }
  return ends
}
