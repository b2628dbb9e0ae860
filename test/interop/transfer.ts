import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { Random } from '../support/random.js'
import type { ByteReader } from './byte-reader.js'

/** Sends `size` random bytes and their SHA-256, and reads and verifies as many, both at the same time. */
export async function bothWays(out: Writable, from: ByteReader, size: number): Promise<void> {
  await Promise.all([pour(out, size), drain(from, size)])
}

async function pour(out: Writable, size: number): Promise<void> {
  const hash = createHash('sha256')
  const block = new Random(size).bytes(300_000)
  for (let left = size, round = 0; left > 0; round++) {
    block.writeUInt32BE(round)
    const chunk = Buffer.from(block.subarray(0, Math.min(left, 50_000 + ((round * 7919) % 250_000))))
    hash.update(chunk)
    left -= chunk.length
    if (!out.write(chunk)) await once(out, 'drain')
  }
  out.write(hash.digest())
}

async function drain(from: ByteReader, size: number): Promise<void> {
  const hash = createHash('sha256')
  for (let left = size; left > 0;) {
    const piece = await from.some(left)
    if (piece === null) throw new Error(`the stream ended ${left} bytes early`)
    hash.update(piece)
    left -= piece.length
  }
  const told = await from.exactly(32)
  if (!told.equals(hash.digest())) throw new Error('the digests differ')
}
