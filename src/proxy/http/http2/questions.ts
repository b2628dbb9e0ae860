/**
 * What we ask with PING, in its first 4 bytes; the second 4 are a stream. The answer says that all that was written before
 * has been read.
 */
export const Question = {
  /** Is the visitor there? */
  THERE: 1,
  /** Has he read that the connection ends? */
  LEAVING: 2,
  /** Has he read the answer of the stream? */
  ANSWERED: 3,
} as const

/** The 8 bytes of a PING. */
export function question(what: number, stream = 0): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(what, 0)
  bytes.writeUInt32BE(stream, 4)
  return bytes
}
