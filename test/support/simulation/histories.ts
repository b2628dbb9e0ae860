import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Test } from 'tap'
import { memoryInUse } from '../memory.js'
import { Random } from '../random.js'
import { History } from './history.js'

/** What memory may grow by from the first tenth of a run to its end. */
const MAX_GROWTH = 16 * 1024 * 1024

/** Histories in one turn of the event loop. */
const A_TURN = 100

/** What must come up, in this share of all histories at least: or a run has tried nothing. */
const MUST_COME_UP: Record<string, number> = {
  whole: 0.5,
  short: 0.1,
  leaving: 0.1,
  'sent again': 0.1,
  held: 0.4,
  ended: 0.1,
  striped: 0.1,
  'striped, whole': 0.05,
  'striped, carrier lost': 0.05,
  'striped, reset': 0.01,
  'striped, full': 0.01,
  reordered: 0.05,
  'reordered, much': 0.01,
  'reordered, carrier lost': 0.01,
}

/** Lives `count` histories, each from its own seed, and asserts that the wire did in all of them what the model says. */
export async function histories(t: Test, { seed, count }: { seed: number; count: number }): Promise<void> {
  const tally = new Map<string, number>()
  const started = performance.now()
  let before = 0
  for (let i = 0; i < count; i++) {
    // What is held weakly is held until the turn of the event loop ends.
    if (i % A_TURN === 0) await nextTurn()
    if (i === Math.floor(count / 10)) before = memoryInUse()
    for (const word of lived(seed + i)) tally.set(word, (tally.get(word) ?? 0) + 1)
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  await nextTurn()
  const growth = memoryInUse() - before
  t.pass(`${count} histories, seed ${seed}, ${seconds} s: ${[...tally].map(([word, n]) => `${word}: ${n}`).join('; ')}`)
  for (const [word, share] of Object.entries(MUST_COME_UP)) {
    t.ok((tally.get(word) ?? 0) >= count * share, `'${word}' came up ${tally.get(word) ?? 0} times`)
  }
  t.ok(growth < MAX_GROWTH, `memory grew by ${growth} bytes`)
}

/** Lives the history of one seed. */
export function relive(t: Test, seed: number): void {
  t.doesNotThrow(() => lived(seed))
  t.end()
}

/** What came up in the history of a seed. */
function lived(seed: number): Iterable<string> {
  const history = new History(new Random(seed))
  const { stackTraceLimit } = Error
  try {
    // Most of a history's time went into traces of errors that nobody looks at.
    Error.stackTraceLimit = 0
    history.live()
    return history.words
  } catch {
    Error.stackTraceLimit = stackTraceLimit
    throw failure(seed)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Lives it again, now with traces. */
function failure(seed: number): Error {
  const error = failureOf(seed)
  const trace = error instanceof Error ? error.stack : String(error)
  return new Error(`history of seed ${seed}\n${trace}`, { cause: error })
}

function failureOf(seed: number): unknown {
  try {
    new History(new Random(seed)).live()
    return new Error('it does not fail a second time')
  } catch (error) {
    return error
  }
}
