import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import { memoryInUse } from './memory.js'
import { Random } from './random.js'

/** Something that reads bytes from outside. */
export interface FuzzTarget {
  readonly name: string
  /** Real inputs, from which others are made by mutation. */
  readonly corpus: readonly Buffer[]
  /** Makes an input of its own; half of all inputs come from it where it is given. */
  generate?(random: Random): Buffer
  /** Feeds one input and throws where an invariant does not hold. Returns what became of the input, in a word. */
  run(input: Buffer, random: Random): string | Promise<string>
  /** Outcomes that a run must reach often, or it has tried nothing. */
  readonly mustReach: readonly string[]
}

export interface FuzzOptions {
  readonly seed: number
  readonly inputs: number
}

/** No input becomes longer by mutation. */
const MAX_INPUT = 64 * 1024
/** What memory may grow by from the first tenth of a run to its end. */
const MAX_GROWTH = 24 * 1024 * 1024

/** Feeds `inputs` inputs to the target and asserts that no invariant broke, that it was reached, and that memory stayed. */
export async function fuzz(t: Test, target: FuzzTarget, { seed, inputs }: FuzzOptions): Promise<void> {
  const random = new Random(seed)
  const outcomes = new Map<string, number>()
  const started = performance.now()
  let bytes = 0
  let before = 0
  for (let i = 0; i < inputs; i++) {
    // zlib gives back what a failed call took only then.
    if (i % 100 === 0) await turn()
    if (i === Math.floor(inputs / 10)) before = memoryInUse()
    const input = target.generate && random.chance(0.5) ? target.generate(random) : mutate(random, target.corpus)
    bytes += input.length
    try {
      const outcome = await target.run(input, random)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (error) {
      const where = `${target.name}: seed ${seed}, input ${i} (${input.length} bytes) ${input.toString('hex')}`
      throw new Error(`${where}\n${error instanceof Error ? error.stack : String(error)}`, { cause: error })
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const growth = memoryInUse() - before
  const counts = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ')
  t.pass(`${inputs} inputs, seed ${seed}, ${bytes} bytes, ${seconds} s: ${counts}`)
  for (const outcome of target.mustReach) {
    t.ok((outcomes.get(outcome) ?? 0) >= inputs / 1000, `'${outcome}' came up ${outcomes.get(outcome) ?? 0} times`)
  }
  t.ok(growth < MAX_GROWTH, `memory grew by ${growth} bytes`)
}

/** Throws unless the two are deeply equal. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
}

/** The input in pieces of random lengths. */
export function cutAnywhere(input: Buffer, random: Random): Buffer[] {
  const most = random.pick([1, 3, 20, 400, input.length]) + 1
  const pieces: Buffer[] = []
  for (let at = 0; at < input.length;) {
    const end = Math.min(input.length, at + 1 + random.below(most))
    pieces.push(input.subarray(at, end))
    at = end
  }
  return pieces
}

/** The same bytes in the middle of a larger memory filled with `filler`: a read past the end shows in the result. */
export function surroundedBy(filler: number, input: Buffer): Buffer {
  const memory = Buffer.alloc(input.length + 64, filler)
  input.copy(memory, 32)
  return memory.subarray(32, 32 + input.length)
}

const INTERESTING = [
  0, 1, 2, 4, 0x0f, 0x10, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000, 0x4001, 0x7fff, 0x8000, 0xffff,
].concat([0x1_0000, 0x3_ffff, 0x4_0000, 0x4_0001, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])

type Mutation = (bytes: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer

const spliced = (bytes: Buffer, at: number, removed: number, inserted: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)])

const MUTATIONS: readonly Mutation[] = [
  function flip(bytes, random) {
    if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
    return bytes
  },
  function set(bytes, random) {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.u32()
    return bytes
  },
  function insert(bytes, random) {
    return spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(16)))
  },
  function remove(bytes, random) {
    return spliced(bytes, random.below(bytes.length), 1 + random.below(16), Buffer.alloc(0))
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length)
    return spliced(bytes, at, 0, bytes.subarray(at, at + 1 + random.below(64)))
  },
  function splice(bytes, random, corpus) {
    const other = random.pick(corpus)
    return spliced(bytes, random.below(bytes.length + 1), bytes.length, other.subarray(random.below(other.length)))
  },
  function integer(bytes, random) {
    const width = random.pick([1, 2, 3, 4])
    if (bytes.length < width) return bytes
    const value = random.pick(INTERESTING) % 2 ** (8 * width)
    bytes.writeUIntBE(value, random.below(bytes.length - width + 1), width)
    return bytes
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1))
  },
]

/** A sample of the corpus, changed in zero to four places. */
export function mutate(random: Random, corpus: readonly Buffer[]): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(corpus))
  for (let left = random.below(5); left > 0; left--) bytes = random.pick(MUTATIONS)(bytes, random, corpus)
  return bytes.subarray(0, MAX_INPUT)
}
