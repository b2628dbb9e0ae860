/** The longest record. */
const LONGEST = 1024
const HEAD = 12

/**
 * Record `number` of visitor `visitor`, 12 to 1,024 bytes: both numbers, its length, and bytes that follow from them.
 * No two records are alike, so that whatever is lost, doubled or out of order is seen at the first wrong byte.
 */
export function record(visitor: number, number: number): Buffer {
  let state = (Math.imul(visitor + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  const length = HEAD + ((next() >>> 8) % (LONGEST - HEAD + 1))
  const bytes = Buffer.allocUnsafe(length)
  bytes.writeUInt32BE(visitor, 0)
  bytes.writeUInt32BE(number, 4)
  bytes.writeUInt32BE(length, 8)
  for (let at = HEAD; at < length; at++) bytes[at] = next() >>> 24
  return bytes
}

/** Takes the records of one visitor back, cut anywhere, and tells of the first byte that is not theirs. */
export class RecordReader {
  /** Whole records that came. */
  records = 0
  bytes = 0
  private readonly visitor: number
  private expected: Buffer
  private at = 0

  constructor(visitor: number) {
    this.visitor = visitor
    this.expected = record(visitor, 0)
  }

  /** Throws an Error that says what came where which record was due. */
  push(chunk: Buffer): void {
    for (let from = 0; from < chunk.length;) {
      const length = Math.min(chunk.length - from, this.expected.length - this.at)
      const piece = chunk.subarray(from, from + length)
      if (!piece.equals(this.expected.subarray(this.at, this.at + length))) {
        const came = piece.subarray(0, 16).toString('hex')
        throw new Error(`${came} came at byte ${this.at} of record ${this.records}`)
      }
      from += length
      this.at += length
      this.bytes += length
      if (this.at < this.expected.length) continue
      this.records++
      this.at = 0
      this.expected = record(this.visitor, this.records)
    }
  }
}
