import type { Test } from 'tap'
import { memoryInUse } from '../memory.js'
import { Random } from '../random.js'
import { History } from './history.js'

/** What memory may grow by from the first tenth of a run to its end. */
const MAX_GROWTH = 16 * 1024 * 1024

/** Lives `count` histories, each from its own seed, and asserts that the wire did in all of them what the model says. */
export function histories(t: Test, { seed, count }: { seed: number; count: number }): void {
  const tally = new Map<string, number>()
  const started = performance.now()
  let before = 0
  for (let i = 0; i < count; i++) {
    if (i === Math.floor(count / 10)) before = memoryInUse()
    for (const word of lived(seed + i)) tally.set(word, (tally.get(word) ?? 0) + 1)
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const growth = memoryInUse() - before
  t.pass(`${count} histories, seed ${seed}, ${seconds} s: ${[...tally].map(([word, n]) => `${word} ${n}`).join(', ')}`)
  for (const word of ['whole', 'short', 'leaving', 'sent again', 'held', 'ended']) {
    t.ok((tally.get(word) ?? 0) >= count / 100, `'${word}' came up ${tally.get(word) ?? 0} times`)
  }
  t.ok(growth < MAX_GROWTH, `memory grew by ${growth} bytes`)
}

function lived(seed: number): string[] {
  try {
    const { kind, ended, sentAgain, held } = new History(new Random(seed)).live()
    const words = [kind as string]
    if (ended) words.push('ended')
    if (sentAgain) words.push('sent again')
    if (held) words.push('held')
    return words
  } catch (error) {
    throw new Error(`history of seed ${seed}\n${error instanceof Error ? error.stack : String(error)}`, {
      cause: error,
    })
  }
}
