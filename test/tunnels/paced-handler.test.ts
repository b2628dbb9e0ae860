import t from 'tap'
import { PacePair } from '../../src/core/pace.js'
import { PacedHandler } from '../../src/tunnels/paced-handler.js'
import { giveBack, lend, Slab, SlabPool } from '../../src/wire/slab.js'
import type { Stream, StreamHandler } from '../../src/wire/index.js'
import { eventually, within } from '../support/hang.js'
import { must } from './support.js'

const TURN = 64 * 1024
const RATE = 100_000_000

function scene(rate = RATE) {
  const clock = { time: 0, now: () => clock.time }
  const got: Buffer[] = []
  let went = (): void => undefined
  const target: StreamHandler = {
    onData: (slice) => void got.push(slice),
    onEnd: () => undefined,
    onWritable: () => went(),
    onClose: () => undefined,
  }
  const paces = new PacePair(clock, rate)
  const paced = new PacedHandler(target, {} as Stream, [paces])
  const goesOn = () => within('to go on', new Promise<void>((resolve) => (went = resolve)))
  return { clock, got, paces, paced, goesOn }
}

t.test('a visitor goes on as long as the pace is open, without a pause for each turn', async (t) => {
  const { clock, paced, goesOn } = scene()
  let bytes = 0
  const send = (): void => {
    do bytes += TURN
    while (paced.take(TURN, true) && bytes < RATE)
  }
  send()
  t.ok(bytes >= RATE / 10 && bytes < RATE / 10 + 2 * TURN, `${bytes} bytes at once, what a tenth of a second brings`)
  const again = goesOn()
  clock.time += 100
  await again
  const before = bytes
  send()
  t.ok(Math.abs(bytes - before - RATE / 10) <= 2 * TURN, `${bytes - before} bytes more after a tenth of a second`)
})

t.test(
  'bytes of the agent that wait stay in the memory that they were read into, unless they would pin it',
  async (t) => {
    const { clock, paces, paced, got } = scene()
    const pool = new SlabPool(256 * 1024, 1)
    const slab = pool.take()
    const whole = Buffer.from(slab)
    const [large, small] = [whole.subarray(0, 16 * 1024), whole.subarray(16 * 1024, 17 * 1024)]
    for (const slice of [large, small]) lend(slice, slice.length)
    slab.full()
    paces.outward.spend(RATE)
    for (const slice of [large, small]) paced.onData(slice, {} as Stream)
    t.equal(got.length, 0)
    t.not(pool.take(), slab, 'a part of it waits')

    paces.lift()
    clock.time += 1
    await eventually('all of it', () => must(got.length === 2))
    t.equal(Slab.of(got[0]!), slab)
    t.equal(Slab.of(got[1]!), null, 'the small one is a copy')
    giveBack(got[0]!, got[0]!.length)
    t.equal(pool.take(), slab, 'and it is free when the consumer gives its part back')
  },
)
