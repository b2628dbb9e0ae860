import t from 'tap'
import { BORROWED, OWNED, SLAB } from '../../src/wire/egress.js'
import { ByteQueue, pins } from '../../src/wire/queue.js'
import { Random } from '../support/random.js'

function takeAll(queue: ByteQueue, max: number): Buffer {
  const pieces: Buffer[] = []
  while (queue.bytes > 0) {
    const { buffer, start, end } = queue.take(max)
    pieces.push(buffer.subarray(start, end))
  }
  return Buffer.concat(pieces)
}

t.test('whatever goes in comes out, in order, in pieces of any size', async (t) => {
  const random = new Random(7)
  for (let round = 0; round < 200; round++) {
    const queue = new ByteQueue()
    const pushed: Buffer[] = []
    const taken: Buffer[] = []
    for (let step = 0; step < 60; step++) {
      if (random.chance(0.6) || queue.bytes === 0) {
        const piece = random.bytes(1 + random.below(random.pick([3, 50, 5000])))
        pushed.push(Buffer.from(piece))
        const padded = Buffer.concat([Buffer.alloc(20), piece])
        const ownership = random.pick([BORROWED, OWNED, SLAB] as const)
        queue.push(padded, 20, padded.length, ownership)
        if (ownership === BORROWED) padded.fill(0)
      } else {
        const { buffer, start, end } = queue.take(1 + random.below(3000))
        taken.push(Buffer.from(buffer.subarray(start, end)))
      }
    }
    taken.push(takeAll(queue, 700))
    if (!Buffer.concat(taken).equals(Buffer.concat(pushed))) t.fail(`round ${round}`)
  }
})

t.test('large owned pieces are kept by reference, and what was taken is never written to again', async (t) => {
  const queue = new ByteQueue()
  const slab = Buffer.alloc(8192)
  queue.push(slab, 12, 8000, SLAB)
  queue.push(Buffer.from('small'), 0, 5, OWNED)
  const first = queue.take(Infinity)
  t.equal(first.buffer, slab)
  t.equal(first.ownership, SLAB)
  const small = queue.take(Infinity)
  queue.push(Buffer.from('other'), 0, 5, OWNED)
  t.equal(small.buffer.toString('latin1', small.start, small.end), 'small')
  t.equal(small.ownership, OWNED, 'the bytes before a copy are not ours to write to')
  queue.clear()
  t.equal(queue.bytes, 0)
})

t.test('single bytes are put together', async (t) => {
  const queue = new ByteQueue()
  for (let i = 0; i < 100_000; i++) queue.push(Buffer.from([i]), 0, 1, OWNED)
  let chunks = 0
  let memory = 0
  while (queue.bytes > 0) {
    memory += queue.take(Infinity).buffer.length
    chunks++
  }
  t.ok(chunks < 50, `${chunks} chunks`)
  t.ok(memory <= 100_000 + 4096, `${memory} bytes of memory`)
})

t.test('a slice pins when the memory behind it is more than eight times as large', async (t) => {
  t.ok(pins(Buffer.allocUnsafeSlow(65_536).subarray(0, 8191)))
  t.notOk(pins(Buffer.allocUnsafeSlow(65_536).subarray(0, 8192)))
})
