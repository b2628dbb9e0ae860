import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { RandomSource } from './pumps.js'

/** Writes a file of so many random bytes; resolves with its SHA-256 (hex). */
export async function randomFile(file: string, bytes: number): Promise<string> {
  const source = new RandomSource(bytes)
  await pipeline(Readable.from(pieces(source)), createWriteStream(file))
  return source.sum().sha256
}

function* pieces(source: RandomSource): Generator<Buffer> {
  for (let piece = source.next(); piece !== null; piece = source.next()) yield piece
}

/** Reads to the end; resolves with the SHA-256 (hex) of all that came. */
export async function sha256Of(readable: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of readable) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
